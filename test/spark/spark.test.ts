// One after the other: two Spark jobs at once need more than two cores.
import './bridge-suite.ts';
import './equality-suite.ts';
