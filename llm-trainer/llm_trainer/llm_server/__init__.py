"""The service on port 8001: one door to whatever speaks for the teacher."""
