// A trend in the height of a line of text.

const WIDTH = 96;
const HEIGHT = 18;

export function Sparkline({ values, label }: { values: number[]; label: string }) {
  const most = Math.max(1, ...values);
  const step = WIDTH / Math.max(1, values.length);
  return (
    <svg class="sparkline" width={WIDTH} height={HEIGHT} role="img" aria-label={label}>
      {values.map((value, index) => {
        const size = value === 0 ? 1 : Math.max(2, (value / most) * HEIGHT);
        return (
          <rect
            key={index}
            class={value === 0 ? "spark-none" : "spark"}
            x={index * step}
            y={HEIGHT - size}
            width={Math.max(1, step - 1)}
            height={size}
          />
        );
      })}
    </svg>
  );
}
