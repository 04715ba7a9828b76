"""Run all benchmarks and print one table per topic."""

from tests.benchmarks import rerun

if __name__ == "__main__":
    rerun.main()
