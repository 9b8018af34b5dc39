"""The command `guanxi`, also reachable as `python -m core`."""

from core.cli.main import guanxi


def main() -> None:
    """Run the command line."""
    guanxi(prog_name="guanxi")


if __name__ == "__main__":
    main()
