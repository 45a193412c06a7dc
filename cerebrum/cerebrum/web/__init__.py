"""The page to talk with CEREBRUM and look into its mind: fixed files, served from the package."""
