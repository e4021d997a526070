"""Write a table of invented clinic visits, as `visits.json` registers it: `python examples/visits.py > visits.csv`."""

import csv
import random
import sys

chance = random.Random(1)
writer = csv.writer(sys.stdout)
writer.writerow(["person_id", "dept", "cost"])
for person in range(1, 3001):
    for _ in range(chance.randint(1, 6)):
        dept = chance.choices(["surgery", "medicine", "eye", "dental"], [2, 5, 1, 3])[0]
        writer.writerow([person, dept, f"{chance.lognormvariate(5, 0.8):.2f}"])
