package io.hadal.platform.limits;

import io.hadal.platform.db.Database;
import io.hadal.platform.lease.LeaseOptions;
import java.lang.System.Logger.Level;
import org.jdbi.v3.core.Handle;

/**
 * A rate that several nodes share. The bucket is a row; each node takes slices out of it and uses
 * them for some seconds. What it does not use flows back. Without a database each node has a bucket
 * of its own.
 */
final class SharedRate implements Allowance {
  private static final System.Logger LOG = System.getLogger("hadal.platform");
  private static final long DOWN = 1000;

  private final Database database;
  private final LeaseOptions options;
  private final String pool;
  private final long perMinute;
  private final long full;
  private final TokenBucket alone;

  /** What this node may use without asking; negative when it used more. */
  private long slice;

  private long sliceUntil;
  private long levelThen;
  private long levelAt;
  private long dryUntil;
  private long downUntil;

  SharedRate(
      Database database, LeaseOptions options, String pool, long perMinute, long burst, long now) {
    this.database = database;
    this.options = options;
    this.pool = pool;
    this.perMinute = perMinute;
    this.full = burst * TokenBucket.PARTS;
    this.alone = new TokenBucket(perMinute, burst, now);
    this.levelThen = full;
    this.levelAt = now;
  }

  @Override
  public synchronized long take(long amount, long now) {
    long need = Math.min(amount, full / TokenBucket.PARTS);
    if (now < downUntil) {
      return alone.take(amount, now);
    }
    if (slice < need || now >= sliceUntil) {
      if (now < dryUntil) {
        return dryUntil - now;
      }
      try {
        exchange(need, now);
      } catch (RuntimeException e) {
        LOG.log(Level.WARNING, "limits: the database does not answer: {0}", e.getMessage());
        downUntil = now + DOWN;
        return alone.take(amount, now);
      }
      if (slice < need) {
        long missing = need * TokenBucket.PARTS - level(now);
        long wait = Math.max(1, Math.ceilDiv(missing, perMinute));
        dryUntil = now + Math.min(wait, 100);
        return wait;
      }
    }
    slice -= amount;
    return 0;
  }

  private long level(long now) {
    return TokenBucket.refilled(levelThen, full, perMinute, Math.max(0, now - levelAt));
  }

  private record Stored(long level, long at) {}

  /** Gives the slice back, and takes a new one when there is enough. */
  private void exchange(long need, long now) {
    long back = slice * TokenBucket.PARTS;
    // In doubt it is lost, never counted twice.
    slice = Math.min(slice, 0);
    long[] after =
        database.write(
            h -> {
              Stored old = lock(h, now);
              long time = Math.max(now, old.at);
              long level =
                  Math.min(
                      full, TokenBucket.refilled(old.level, full, perMinute, time - old.at) + back);
              long granted = 0;
              if (need > 0 && level >= need * TokenBucket.PARTS) {
                granted =
                    Math.max(need, Math.floorDiv(level, TokenBucket.PARTS) / options.slices());
              }
              h.createUpdate(
                      "UPDATE rate_pool SET level = :level, updated_at = :at WHERE pool = :pool")
                  .bind("level", level - granted * TokenBucket.PARTS)
                  .bind("at", time)
                  .bind("pool", pool)
                  .execute();
              return new long[] {level - granted * TokenBucket.PARTS, granted};
            });
    levelThen = after[0];
    levelAt = now;
    slice = after[1];
    sliceUntil = now + options.validMillis();
  }

  private Stored lock(Handle h, long now) {
    return h.createQuery(
            "INSERT INTO rate_pool (pool, level, updated_at) VALUES (:pool, :full, :now)"
                + " ON CONFLICT (pool) DO UPDATE SET level = rate_pool.level"
                + " RETURNING level, updated_at")
        .bind("pool", pool)
        .bind("full", full)
        .bind("now", now)
        .map((rs, ctx) -> new Stored(rs.getLong(1), rs.getLong(2)))
        .one();
  }

  @Override
  public synchronized void force(long amount, long now) {
    slice -= amount;
  }

  @Override
  public synchronized void settle(long taken, long actual, long now) {
    slice += taken - actual;
  }

  @Override
  public synchronized long left(long now) {
    return slice + Math.floorDiv(level(now), TokenBucket.PARTS);
  }

  @Override
  public synchronized long resetMillis(long now) {
    return Math.ceilDiv(Math.max(0, full - level(now) - slice * TokenBucket.PARTS), perMinute);
  }

  @Override
  public synchronized boolean unused(long now) {
    return slice == 0 && level(now) >= full;
  }

  @Override
  public synchronized void sweep(long now) {
    if (slice < 0 || now >= sliceUntil) {
      giveBack(now);
    }
  }

  @Override
  public synchronized void giveBack(long now) {
    if (slice != 0 && now >= downUntil) {
      try {
        exchange(0, now);
      } catch (RuntimeException e) {
        LOG.log(Level.WARNING, "limits: the database does not answer: {0}", e.getMessage());
        downUntil = now + DOWN;
      }
    }
  }
}
