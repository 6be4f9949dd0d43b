package io.hadal.platform.limits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hadal.platform.tenancy.ModelPattern;
import java.util.ArrayDeque;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AllowanceTest {
  private static final long START = 1_800_000_000_000L;

  /** Requests come much faster than they may, at random moments. */
  @Test
  void admitsRequestsAtTheirRate() {
    Random random = new Random(1);
    for (long limit : new long[] {1, 7, 60, 500, 6000}) {
      Gcra gcra = new Gcra(limit, Math.max(1, limit / 10));
      ArrayDeque<Long> minute = new ArrayDeque<>();
      double now = 0;
      long admitted = 0;
      long minutes = 10 + 1000 / limit;
      // The moment between a free place and the next request is lost where there is no burst.
      int hurry = limit < 20 ? 200 : 10;
      while (now < minutes * 60_000) {
        now += -Math.log(1 - random.nextDouble()) * 60_000.0 / limit / hurry;
        long at = START + (long) now;
        if (gcra.take(1, at) == 0) {
          admitted++;
          minute.add(at);
        }
        while (!minute.isEmpty() && minute.peek() <= at - 60_000) {
          minute.remove();
        }
        // No minute, wherever it begins, has more than the limit and the burst.
        assertThat((long) minute.size()).isLessThanOrEqualTo(limit + Math.max(1, limit / 10));
      }
      assertThat((double) admitted / minutes)
          .isCloseTo((double) limit, within(limit * 0.02 + 0.001));
    }
  }

  @Test
  void aLongPauseFillsALargeBucket() {
    TokenBucket bucket = new TokenBucket(1000, 1_000_000, START);
    assertThat(bucket.take(1_000_000, START)).isZero();
    assertThat(bucket.left(START + 3_600_000)).isEqualTo(60_000);
    long full = 60_000L * Limit.MOST_TOKENS;
    assertThat(TokenBucket.refilled(-1, full, Limit.MOST_TOKENS, Long.MAX_VALUE)).isEqualTo(full);
  }

  @Test
  void saysWhenARequestMayCome() {
    Gcra gcra = new Gcra(60, 2);
    assertThat(gcra.take(1, START)).isZero();
    assertThat(gcra.left(START)).isEqualTo(1);
    assertThat(gcra.take(1, START)).isZero();
    assertThat(gcra.left(START)).isZero();
    assertThat(gcra.take(1, START)).isEqualTo(1000);
    assertThat(gcra.take(1, START + 400)).isEqualTo(600);
    assertThat(gcra.resetMillis(START + 400)).isEqualTo(1600);
    assertThat(gcra.take(1, START + 1000)).isZero();
    gcra.settle(1, 0, START + 1000);
    assertThat(gcra.take(1, START + 1000)).isZero();
    assertThat(gcra.unused(START + 2000)).isFalse();
    assertThat(gcra.unused(START + 3000)).isTrue();
  }

  /** Prompts are exact, answers are guessed too high or too low, and corrected at the end. */
  @Test
  void admitsTokensAtTheirRate() {
    Random random = new Random(2);
    long limit = 100_000;
    TokenBucket bucket = new TokenBucket(limit, limit / 10, START);
    long used = 0;
    long minutes = 60;
    for (long now = 0; now < minutes * 60_000; now += 100) {
      long prompt = 100L + random.nextInt(900);
      if (bucket.take(prompt + 256, START + now) == 0) {
        long actual = prompt + random.nextInt(512);
        bucket.settle(prompt + 256, actual, START + now);
        used += actual;
      }
    }
    assertThat((double) used / minutes).isCloseTo((double) limit, within(limit * 0.02));
  }

  @Test
  void paysBackWhatWasMoreThanSaid() {
    TokenBucket bucket = new TokenBucket(600, 600, START);
    assertThat(bucket.take(100, START)).isZero();
    bucket.settle(100, 700, START);
    assertThat(bucket.left(START)).isEqualTo(-100);
    assertThat(bucket.take(10, START)).isEqualTo(11_000);
    assertThat(bucket.take(10, START + 11_000)).isZero();
    // More than ever fits waits for a full bucket.
    assertThat(bucket.take(5000, START + 11_000)).isEqualTo(60_000);
    assertThat(bucket.take(5000, START + 71_000)).isZero();
    assertThat(bucket.left(START + 71_000)).isEqualTo(-4400);
  }

  @Test
  void countsWhatRuns() {
    Running running = new Running(2, null);
    assertThat(running.take(1, 0)).isZero();
    assertThat(running.take(1, 0)).isZero();
    assertThat(running.take(1, 0)).isPositive();
    Running larger = new Running(3, running);
    assertThat(larger.take(1, 0)).isZero();
    assertThat(larger.take(1, 0)).isPositive();
    running.settle(1, 0, 0);
    assertThat(larger.left(0)).isEqualTo(1);
  }

  @Test
  void matchesNamesOfModels() {
    assertThat(new ModelPattern("deepseek-*").matches("deepseek-v4-flash")).isTrue();
    assertThat(new ModelPattern("*-flash*").matches("deepseek-v4-flash@2026-07-31")).isTrue();
    assertThat(new ModelPattern("*").matches("")).isTrue();
    assertThat(new ModelPattern("deepseek").matches("deepseek-v4")).isFalse();
    assertThat(new ModelPattern("a*b*c").matches("aXbYbZ")).isFalse();
    assertThat(new ModelPattern("*a".repeat(40)).matches("a".repeat(200) + "b")).isFalse();
  }
}
