"""`python -m monitor` is `chain-monitor`."""

from monitor.app.cli import main

if __name__ == "__main__":
    main()
