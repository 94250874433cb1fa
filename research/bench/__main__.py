"""`python -m research.bench`: measure, print, and keep the page if asked to."""

from research.bench.commands import main

if __name__ == "__main__":
    main()
