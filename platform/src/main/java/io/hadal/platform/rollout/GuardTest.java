package io.hadal.platform.rollout;

import io.hadal.platform.rollout.Guard.Metric;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Whether a candidate breaks a guard, asked again after every answer. Every guard is a rate of bad
 * answers with a tolerated value p; for a time, bad is an answer above the tolerated time, and p is
 * 10 %, twice what a 95th percentile leaves above it. The test bets against p with Laplace's
 * estimate: its capital is {@code B(k+1, n-k+1) / (p^k (1-p)^(n-k))} after k bad ones of n, which
 * exceeds 1/alpha with a chance of at most alpha for a candidate that is no worse than p, however
 * often one looks (Ville's inequality).
 */
final class GuardTest {
  /** Rate assumed for a baseline nothing is known of. */
  private static final double UNKNOWN = 0.05;

  private static final double LATE = 0.10;
  private static final int LEAST_TIMES = 20;

  /** Nobody minds less than this: milliseconds to the first token, microseconds between two. */
  private static final double LEAST_MILLIS = 50;

  private static final double LEAST_MICROS = 5000;

  /** 95 % on one side. */
  private static final double Z = 1.645;

  private static final double[] LOG_FACTORIAL = logFactorials(Window.SIZE + 2);

  private GuardTest() {}

  private static double[] logFactorials(int count) {
    double[] logs = new double[count];
    for (int i = 2; i < count; i++) {
      logs[i] = logs[i - 1] + Math.log(i);
    }
    return logs;
  }

  /** Why a guard is broken, for people; null when it is not. */
  static @Nullable String breach(Guard guard, Window baseline, Window candidate) {
    return guard.metric().isTime()
        ? late(guard, baseline, candidate)
        : bad(guard, baseline, candidate);
  }

  private static @Nullable String bad(Guard guard, Window baseline, Window candidate) {
    Metric metric = guard.metric();
    int n = candidate.total(metric);
    int k = candidate.bad(metric);
    double known = upper(baseline.bad(metric), baseline.total(metric));
    double tolerated = Math.min(0.99, known + guard.tolerance());
    if (n < guard.minimum() || !exceeds(k, n, tolerated, guard.alpha())) {
      return null;
    }
    return String.format(
        Locale.ROOT,
        "%s: %d of the candidate's last %d answers, %.1f %%; tolerated are %.1f %%",
        metric.text(),
        k,
        n,
        100.0 * k / n,
        100 * tolerated);
  }

  private static @Nullable String late(Guard guard, Window baseline, Window candidate) {
    Metric metric = guard.metric();
    long[] known = baseline.times(metric);
    long[] times = candidate.times(metric);
    if (known.length < LEAST_TIMES || times.length < guard.minimum()) {
      return null;
    }
    double usual = known[(int) (known.length * 0.95)];
    double limit =
        Math.max(
            usual * guard.tolerance(),
            usual + (metric == Metric.TTFT_P95 ? LEAST_MILLIS : LEAST_MICROS));
    int k = 0;
    while (k < times.length && times[times.length - 1 - k] > limit) {
      k++;
    }
    if (!exceeds(k, times.length, LATE, guard.alpha())) {
      return null;
    }
    return String.format(
        Locale.ROOT,
        "%s: %d of the candidate's last %d answers took more than %.0f %s, %.1f times the"
            + " baseline's 95th percentile",
        metric.text(),
        k,
        times.length,
        limit,
        metric == Metric.TTFT_P95 ? "ms" : "µs",
        limit / Math.max(1, usual));
  }

  /** Upper bound of a rate (Wilson). */
  private static double upper(int bad, int total) {
    if (total == 0) {
      return UNKNOWN;
    }
    double rate = (double) bad / total;
    double z = Z * Z / total;
    return (rate + z / 2 + Z * Math.sqrt(rate * (1 - rate) / total + z / (4 * total))) / (1 + z);
  }

  /** True when k bad ones of n say that the rate is above p. */
  static boolean exceeds(int k, int n, double p, double alpha) {
    if (k <= n * p) {
      return false;
    }
    double capital =
        LOG_FACTORIAL[k]
            + LOG_FACTORIAL[n - k]
            - LOG_FACTORIAL[n + 1]
            - k * Math.log(p)
            - (n - k) * Math.log1p(-p);
    return capital >= -Math.log(alpha);
  }
}
