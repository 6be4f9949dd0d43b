package io.hadal.platform.lease;

import java.util.Comparator;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** The rows behind shares. All changes of a pool happen under the lock of its row. */
final class LeaseTable {
  /** With it, sums stay numbers of 64 bits. */
  private static final long MOST_CARRY = Long.MAX_VALUE / 4;

  private final LeaseOptions options;
  private final Spending spending;

  LeaseTable(LeaseOptions options, Spending spending) {
    this.options = options;
    this.spending = spending;
  }

  /**
   * What a share is to become.
   *
   * @param settled what the node settled, all of it or since the row was not read
   * @param used settled and held
   * @param authority what it may keep
   * @param need what it wants beyond that; 0 for nothing
   */
  record Ask(long settled, long used, long authority, long need) {}

  /**
   * What it became.
   *
   * @param earlier what the row had settled before it was read first
   * @param authority with the grant
   * @param granted 0 when the need could not be met
   */
  record Reply(long earlier, long authority, long granted, long totalSettled, long total) {}

  private record Row(long capacity, long carry, long committed, long baseline) {}

  private record Own(long settled, long authority) {}

  Reply exchange(Handle h, Share share, Ask ask, long now) {
    String pool = share.pool.id();
    long start = share.span.start();
    Row row = lock(h, pool, start);
    if (row == null) {
      create(h, share, now);
      row = lock(h, pool, start);
      if (row == null) {
        throw new IllegalStateException("a pool vanished: " + pool);
      }
    }
    Own own = own(h, pool, start);
    long earlier = share.loaded ? 0 : own.settled;
    long settled = ask.settled + earlier;
    long used = ask.used + earlier;
    // A node that was taken for lost keeps what it uses, no more.
    boolean reclaimed = share.loaded && own.authority < share.written;
    long kept = reclaimed ? used : Math.max(used, ask.authority + earlier);
    long committed = row.committed + kept - own.authority;
    long total = row.capacity + row.carry;
    long granted = 0;
    if (ask.need > 0) {
      if (total - committed < ask.need) {
        committed -= reclaim(h, share, now);
      }
      long room = total - committed;
      if (room >= ask.need) {
        granted = Math.max(ask.need, room / options.slices());
      }
    }
    h.createUpdate(
            "UPDATE lease_pool SET committed = :committed WHERE pool = :pool AND window_start ="
                + " :start")
        .bind("committed", committed + granted)
        .bind("pool", pool)
        .bind("start", start)
        .execute();
    h.createUpdate(
            "INSERT INTO lease_share (pool, window_start, node, settled, held, authority,"
                + " renewed_at) VALUES (:pool, :start, :node, :settled, :held, :authority, :now) ON"
                + " CONFLICT (pool, window_start, node) DO UPDATE SET settled = excluded.settled,"
                + " held = excluded.held, authority = excluded.authority, renewed_at ="
                + " excluded.renewed_at")
        .bind("pool", pool)
        .bind("start", start)
        .bind("node", options.node())
        .bind("settled", settled)
        .bind("held", used - settled)
        .bind("authority", kept + granted)
        .bind("now", now)
        .execute();
    long more = committed + granted - row.committed;
    if (share.pool.carryOver() && !share.span.holds(now) && more != 0) {
      // The next window has what this one left, also when that changes late.
      h.createUpdate(
              "UPDATE lease_pool SET carry = carry - :change WHERE pool = :pool AND window_start ="
                  + " :next")
          .bind("change", more)
          .bind("pool", pool)
          .bind("next", share.span.end())
          .execute();
    }
    return new Reply(
        earlier, kept + granted, granted, row.baseline + settled(h, pool, start), total);
  }

  private static @Nullable Row lock(Handle h, String pool, long start) {
    return h.createQuery(
            "UPDATE lease_pool SET committed = committed WHERE pool = :pool AND window_start ="
                + " :start RETURNING capacity, carry, committed, baseline")
        .bind("pool", pool)
        .bind("start", start)
        .map((rs, ctx) -> new Row(rs.getLong(1), rs.getLong(2), rs.getLong(3), rs.getLong(4)))
        .findOne()
        .orElse(null);
  }

  private void create(Handle h, Share share, long now) {
    Pool pool = share.pool;
    Window.Span span = share.span;
    // What an earlier window is made for has not been booked yet.
    long until = Math.min(now, span.end());
    long baseline = spending.spent(h, pool.id(), span.start(), until, null);
    h.createUpdate(
            "INSERT INTO lease_pool (pool, window_start, window_end, capacity, carry, baseline,"
                + " counted_from, committed) VALUES (:pool, :start, :end, :capacity, :carry,"
                + " :baseline, :from, :baseline) ON CONFLICT DO NOTHING")
        .bind("pool", pool.id())
        .bind("start", span.start())
        .bind("end", span.end())
        .bind("capacity", pool.capacity())
        .bind("carry", pool.carryOver() ? carry(h, pool, span) : 0)
        .bind("baseline", baseline)
        .bind("from", baseline == 0 ? span.start() : until)
        .execute();
  }

  private record Before(long start, long end, long rest) {}

  /** What the windows before left; whole windows without a request count, too. */
  private static long carry(Handle h, Pool pool, Window.Span span) {
    @Nullable Long start =
        h.createQuery(
                "SELECT max(window_start) FROM lease_pool WHERE pool = :pool AND window_start <"
                    + " :start")
            .bind("pool", pool.id())
            .bind("start", span.start())
            .mapTo(Long.class)
            .findOne()
            .orElse(null);
    if (start == null) {
      return 0;
    }
    Before before =
        h.createQuery(
                "UPDATE lease_pool SET committed = committed WHERE pool = :pool AND window_start ="
                    + " :start RETURNING window_start, window_end, capacity + carry - committed")
            .bind("pool", pool.id())
            .bind("start", start)
            .map((rs, ctx) -> new Before(rs.getLong(1), rs.getLong(2), rs.getLong(3)))
            .one();
    long rest = Math.max(0, before.rest);
    long at = before.end;
    for (int i = 0; i < 1000 && at < span.start(); i++) {
      rest = Math.min(rest, MOST_CARRY - pool.capacity()) + pool.capacity();
      at = pool.window().at(at, pool.zone()).end();
    }
    return rest;
  }

  private Own own(Handle h, String pool, long start) {
    return h.createQuery(
            "SELECT settled, authority FROM lease_share"
                + " WHERE pool = :pool AND window_start = :start AND node = :node")
        .bind("pool", pool)
        .bind("start", start)
        .bind("node", options.node())
        .map((rs, ctx) -> new Own(rs.getLong(1), rs.getLong(2)))
        .findOne()
        .orElse(new Own(0, 0));
  }

  private static long settled(Handle h, String pool, long start) {
    return h.createQuery(
            "SELECT coalesce(sum(settled), 0) FROM lease_share"
                + " WHERE pool = :pool AND window_start = :start")
        .bind("pool", pool)
        .bind("start", start)
        .mapTo(Long.class)
        .one();
  }

  /** Takes back what silent nodes have leased; what they settled stays. */
  private long reclaim(Handle h, Share share, long now) {
    long before = now - options.lostMillis(share.pool);
    String where =
        " FROM lease_share WHERE pool = :pool AND window_start = :start AND node <> :node"
            + " AND renewed_at < :before AND authority > settled";
    long lost =
        h.createQuery("SELECT coalesce(sum(authority - settled), 0)" + where)
            .bind("pool", share.pool.id())
            .bind("start", share.span.start())
            .bind("node", options.node())
            .bind("before", before)
            .mapTo(Long.class)
            .one();
    if (lost > 0) {
      h.createUpdate(
              "UPDATE lease_share SET authority = settled, held = 0 WHERE pool = :pool"
                  + " AND window_start = :start AND node <> :node AND renewed_at < :before"
                  + " AND authority > settled")
          .bind("pool", share.pool.id())
          .bind("start", share.span.start())
          .bind("node", options.node())
          .bind("before", before)
          .execute();
    }
    return lost;
  }

  private record Left(String pool, long start, long end, long from) {}

  /**
   * Brings the rows of this node in line with what it spent before it went down, and gives the rest
   * back. Its journal must have been replayed.
   */
  void recover(Handle h, String prefix, long now) {
    List<Left> left =
        h.createQuery(
                "SELECT s.pool, s.window_start, p.window_end, p.counted_from"
                    + " FROM lease_share s JOIN lease_pool p ON p.pool = s.pool"
                    + " AND p.window_start = s.window_start"
                    + " WHERE s.node = :node AND (s.authority <> s.settled OR p.window_end > :now)"
                    + " AND substr(s.pool, 1, :length) = :prefix")
            .bind("node", options.node())
            .bind("length", prefix.length())
            .bind("prefix", prefix)
            .bind("now", now)
            .map(
                (rs, ctx) -> new Left(rs.getString(1), rs.getLong(2), rs.getLong(3), rs.getLong(4)))
            .list();
    // The order in which all nodes lock; databases have others.
    List<Left> sorted =
        left.stream()
            .sorted(Comparator.comparing(Left::pool).thenComparingLong(Left::start))
            .toList();
    for (Left row : sorted) {
      lock(h, row.pool, row.start);
      Own own = own(h, row.pool, row.start);
      // Records may have been deleted since, the row not: the larger one is right.
      long settled =
          Math.max(own.settled, spending.spent(h, row.pool, row.from, row.end, options.node()));
      if (settled == own.authority) {
        continue;
      }
      h.createUpdate(
              "UPDATE lease_pool SET committed = committed + :change"
                  + " WHERE pool = :pool AND window_start = :start")
          .bind("change", settled - own.authority)
          .bind("pool", row.pool)
          .bind("start", row.start)
          .execute();
      h.createUpdate(
              "UPDATE lease_share SET settled = :settled, authority = :settled, held = 0"
                  + " WHERE pool = :pool AND window_start = :start AND node = :node")
          .bind("settled", settled)
          .bind("pool", row.pool)
          .bind("start", row.start)
          .bind("node", options.node())
          .execute();
    }
  }
}
