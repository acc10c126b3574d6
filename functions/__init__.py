"""The serverless side of Parley: one folder per Lambda door, plus what the doors share."""
