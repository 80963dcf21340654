"""Makes ``python -m synthetyk`` the same as the command ``synthetyk``."""

from synthetyk.cli.entry import main

if __name__ == "__main__":
    main()
