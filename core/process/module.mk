obj-y += clone.o credentials.o credentials_ids.o exec.o exit.o job.o process.o report.o resume.o rlimits.o session.o signal.o signal_deliver.o signal_queue.o trace.o usage.o uts.o wait.o
