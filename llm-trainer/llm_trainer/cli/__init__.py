"""The commands a person types; they speak HTTP like everybody else."""
