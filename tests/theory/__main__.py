"""python -m tests.theory: the theory table with z-scores."""

from tests.theory.rows import ROWS, measured

print(f"{'row':50} {'theory':>9} {'measured':>9} {'s.e.':>8} {'z':>6}")
for row in ROWS:
    mean, error = measured(row)
    print(f"{row.name:50} {row.theory:9.4f} {mean:9.4f} {error:8.4f} {(mean - row.theory) / error:6.2f}", flush=True)
