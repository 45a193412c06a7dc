"""What ``doctor`` looks at, by where it lies. Nothing is changed, nobody is taught."""
