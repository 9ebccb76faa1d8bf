"""What the platform says about itself: logs, metrics and traces. Personal data is masked before it leaves a process."""
