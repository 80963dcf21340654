"""Makes ``python -m synthetyk`` the same as the command ``synthetyk``."""

from synthetyk.cli.main import main

if __name__ == "__main__":
    main()
