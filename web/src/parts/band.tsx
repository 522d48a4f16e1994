interface Props {
  readonly seen: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
}

const width = 72;
const height = 12;

/** A value beside the band it was expected in, on a scale that holds both. */
export function Band({ seen, lower, upper }: Props) {
  if (seen === null || lower === null || upper === null) return null;
  const least = Math.min(seen, lower);
  const span = Math.max(seen, upper) - least;
  if (!(span > 0)) return null;
  const x = (at: number): number => 4 + ((at - least) / span) * (width - 8);
  return (
    <svg class="band" width={width} height={height} aria-hidden="true">
      <line x1={0} x2={width} y1={height / 2} y2={height / 2} />
      <rect
        x={x(lower)}
        y={2}
        width={Math.max(x(upper) - x(lower), 2)}
        height={height - 4}
        rx={2}
      />
      <circle cx={x(seen)} cy={height / 2} r={3.5} />
    </svg>
  );
}
