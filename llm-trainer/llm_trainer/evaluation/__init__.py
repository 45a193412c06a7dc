"""What a transcript shows of a learner's growth. Pure: numbers out of what was said, chance out of a seed."""
