/** The library's part of a chart, apart from everything else because of its size. */
import {
  Bar,
  BarChart,
  CartesianGrid,
  Legend,
  Line,
  LineChart,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';

export interface ChartProps {
  /** Says what the chart shows, with its unit. */
  caption: string;
  kind: 'line' | 'bar';
  /** One per step of the x axis; `x` is its label. */
  points: readonly { x: string; [series: string]: string | number | null }[];
  /** At most four: more cannot be told apart. */
  series: readonly { key: string; label: string }[];
}

const colour = (index: number): string => `var(--chart-${(index % 4) + 1})`;
const number = new Intl.NumberFormat('en-AU', { notation: 'compact' });

export default function ChartDrawing({ caption, kind, points, series }: ChartProps) {
  const Whole = kind === 'line' ? LineChart : BarChart;
  return (
    <ResponsiveContainer>
      <Whole data={[...points]} accessibilityLayer title={caption}>
        <CartesianGrid stroke="var(--line)" vertical={false} />
        <XAxis dataKey="x" stroke="var(--text-quiet)" tickLine={false} minTickGap={24} />
        <YAxis
          stroke="var(--text-quiet)"
          tickLine={false}
          axisLine={false}
          width={48}
          allowDecimals={false}
          tickFormatter={(value: number) => number.format(value)}
        />
        <Tooltip
          contentStyle={{ background: 'var(--surface)', borderColor: 'var(--line)' }}
          labelStyle={{ color: 'var(--text)' }}
        />
        {series.length > 1 && <Legend />}
        {series.map(({ key, label }, index) =>
          kind === 'line' ? (
            <Line
              key={key}
              dataKey={key}
              name={label}
              stroke={colour(index)}
              strokeWidth={2}
              dot={false}
              isAnimationActive={false}
            />
          ) : (
            <Bar
              key={key}
              dataKey={key}
              name={label}
              fill={colour(index)}
              stackId="all"
              isAnimationActive={false}
            />
          ),
        )}
      </Whole>
    </ResponsiveContainer>
  );
}
