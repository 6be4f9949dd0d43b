package io.hadal.platform.money;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.hadal.formats.FormatException;
import io.hadal.platform.Outage;
import io.hadal.platform.Refusal;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.HashChain;
import java.lang.System.Logger.Level;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * What things cost, and cost at any time before: rows are only added. Of the rows for a version, a
 * project's own come first; of those that are valid, the one that began last, and of those the one
 * entered last. So a correction is a row with the same beginning.
 *
 * <p>After {@link #start} no request waits for the database: a thread of the book's own reads new
 * rows every two seconds, and at once when it is woken. So a row of another process holds here two
 * seconds and a query later, while the database answers; while it does not, what is known holds as
 * long as {@link Outage} says. Without a start, who asks reads what is new every two seconds.
 */
public final class PriceBook implements AutoCloseable {
  /** How often the database is asked for new rows. */
  static final long FRESH_MILLIS = 2_000;

  private static final System.Logger LOG = System.getLogger("hadal.platform");

  private static final String COLUMNS =
      "id, model_version, project_id, valid_from, valid_to, input_price, cache_read_price,"
          + " cache_write_price, output_price, reasoning_price, image_price, second_price,"
          + " request_price, schedule, source, created_by, created_at";

  /** What happens to models without a price. */
  public enum Unpriced {
    FREE,
    REFUSED
  }

  /**
   * Rows that were read.
   *
   * @param read when, milliseconds since 1970
   */
  private record Book(PriceIndex index, long read) {}

  private final Database database;
  private final Unpriced unpriced;
  private final Clock clock;
  private final Outage outage;
  private final ReentrantLock reading = new ReentrantLock();
  private final Semaphore news = new Semaphore(0);
  private final Cache<Long, Price> byId = Caffeine.newBuilder().maximumSize(10_000).build();
  private volatile @Nullable Book book;
  private volatile @Nullable Thread thread;
  private volatile boolean closed;

  public PriceBook(Database database, Unpriced unpriced, Clock clock) {
    this(database, unpriced, clock, Outage.DEFAULT);
  }

  /** A price book, with what goes on without a database. */
  public PriceBook(Database database, Unpriced unpriced, Clock clock, Outage outage) {
    this.database = database;
    this.unpriced = unpriced;
    this.clock = clock;
    this.outage = outage;
  }

  /** Reads the book now and, on a thread of its own, from now on. */
  public synchronized void start() {
    if (thread == null) {
      refresh();
      thread = Thread.ofPlatform().daemon().name("hadal-prices").start(this::run);
    }
  }

  private void run() {
    boolean away = false;
    while (!closed) {
      try {
        if (news.tryAcquire(FRESH_MILLIS, TimeUnit.MILLISECONDS)) {
          news.drainPermits();
        }
        if (!closed) {
          refresh();
          away = false;
        }
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException e) {
        if (!away && !closed) {
          away = true;
          LOG.log(Level.WARNING, "prices: they cannot be read; those known hold for a while");
        }
      }
    }
  }

  /** Lets the thread of its own read now: another node has added a row. */
  public void wake() {
    news.release();
  }

  /**
   * Reads rows that are new.
   *
   * @throws RuntimeException when the database does not answer
   */
  public void refresh() {
    reading.lock();
    try {
      Book known = book;
      PriceIndex index = known == null ? PriceIndex.EMPTY : known.index();
      long now = clock.millis();
      // Ids grow in the order of commits: whoever adds a row has the head of the chain locked.
      List<Price> added =
          database.read(
              h ->
                  h.createQuery(
                          "SELECT " + COLUMNS + " FROM price_book WHERE id > :last ORDER BY id")
                      .bind("last", index.last())
                      .map((rs, ctx) -> row(rs))
                      .list());
      book = new Book(added.isEmpty() ? index : index.with(added, now), now);
    } finally {
      reading.unlock();
    }
  }

  /**
   * The prices of a request that begins at a moment. A usage event must have that moment as its
   * start: by it the verifier finds the prices again.
   *
   * @throws Refusal when the model has no price and must have one, or when nobody can say
   */
  public PriceSnapshot at(String modelVersion, String project, long millis) {
    Book known = known();
    Price best =
        known.index().knows(millis)
            ? known.index().find(modelVersion, project, millis)
            : stored(modelVersion, project, millis);
    if (best != null) {
      return best.at(millis);
    }
    if (unpriced == Unpriced.FREE) {
      return PriceSnapshot.FREE;
    }
    throw new Refusal(
        Refusal.Reason.MODEL_NOT_ALLOWED,
        "The model '" + modelVersion + "' has no price yet, and free models are not allowed.");
  }

  private Book known() {
    Book known = book;
    long now = clock.millis();
    if (thread == null && (known == null || now - known.read() >= FRESH_MILLIS)) {
      try {
        refresh();
        known = book;
      } catch (RuntimeException e) {
        LOG.log(Level.DEBUG, "prices: they cannot be read", e);
      }
    }
    if (known == null || !outage.holds(now - known.read())) {
      throw unknown();
    }
    return known;
  }

  private static Refusal unknown() {
    return new Refusal(
        Refusal.Reason.UNAVAILABLE, "The price of the model cannot be looked up.", 1_000, null);
  }

  /** The row of a moment long ago, out of the database. */
  private @Nullable Price stored(String modelVersion, String project, long millis) {
    List<Price> rows;
    try {
      rows =
          database.read(
              h ->
                  h.createQuery(
                          "SELECT "
                              + COLUMNS
                              + " FROM price_book WHERE model_version IN (:m, '*')"
                              + " AND (project_id IS NULL OR project_id = :p) ORDER BY id")
                      .bind("m", modelVersion)
                      .bind("p", project)
                      .map((rs, ctx) -> row(rs))
                      .list());
    } catch (RuntimeException e) {
      throw unknown();
    }
    return PriceIndex.EMPTY.with(rows, millis).find(modelVersion, project, millis);
  }

  /** The row of an id; null for none. */
  public @Nullable Price row(Handle handle, long id) {
    Price known = byId.getIfPresent(id);
    if (known != null) {
      return known;
    }
    Price found =
        handle
            .createQuery("SELECT " + COLUMNS + " FROM price_book WHERE id = :id")
            .bind("id", id)
            .map((rs, ctx) -> row(rs))
            .findOne()
            .orElse(null);
    if (found != null) {
      byId.put(id, found);
    }
    return found;
  }

  /**
   * Rows by id, upwards.
   *
   * @param modelVersion only those of this version; null for all
   * @param project only those of this project; null for all
   * @param after only those with a greater id
   */
  public List<Price> list(
      @Nullable String modelVersion, @Nullable String project, long after, int limit) {
    return database.read(
        h ->
            h.createQuery(
                    "SELECT "
                        + COLUMNS
                        + " FROM price_book WHERE id > :after AND (CAST(:m AS TEXT) IS NULL OR"
                        + " model_version = :m) AND (CAST(:p AS TEXT) IS NULL OR project_id = :p)"
                        + " ORDER BY id LIMIT :limit")
                .bind("after", after)
                .bind("m", modelVersion)
                .bind("p", project)
                .bind("limit", limit)
                .map((rs, ctx) -> row(rs))
                .list());
  }

  /**
   * Adds a row.
   *
   * @return the row with its id
   * @throws FormatException when it cannot be used
   */
  public Price add(Price price) {
    require(price.modelVersion(), "model_version", 200);
    require(price.source(), "source", 500);
    require(price.createdBy(), "created_by", 200);
    Long to = price.validTo();
    if (to != null && to <= price.validFrom()) {
      throw new FormatException("valid_to", "must be later than valid_from");
    }
    Price stored =
        database.write(
            h -> {
              HashChain chain = HashChain.locked(h, database.kind(), "price");
              Price row = withId(price, chain.seq() + 1);
              insert(h, row, chain.add(fields(row)));
              chain.save();
              return row;
            });
    database.afterwards(this::refresh);
    return stored;
  }

  private static void require(String text, String field, int most) {
    if (text.isBlank() || text.length() > most) {
      throw new FormatException(field, "must have 1 to " + most + " characters");
    }
  }

  private static Price withId(Price p, long id) {
    return new Price(
        id,
        p.modelVersion(),
        p.project(),
        p.validFrom(),
        p.validTo(),
        p.base(),
        p.schedule(),
        p.source(),
        p.createdBy(),
        p.createdAt());
  }

  private static void insert(Handle h, Price row, String hash) {
    UnitPrices base = row.base();
    h.execute(
        "INSERT INTO price_book ("
            + COLUMNS
            + ", hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        row.id(),
        row.modelVersion(),
        row.project(),
        row.validFrom(),
        row.validTo(),
        base.input(),
        base.cacheRead(),
        base.cacheWrite(),
        base.output(),
        base.reasoning(),
        base.image(),
        base.second(),
        base.request(),
        row.schedule().text(),
        row.source(),
        row.createdBy(),
        row.createdAt(),
        hash);
  }

  /** What the hash of a row covers. */
  public static List<@Nullable Object> fields(Price row) {
    List<@Nullable Object> fields = new ArrayList<>();
    fields.add(row.modelVersion());
    fields.add(row.project());
    fields.add(row.validFrom());
    fields.add(row.validTo());
    fields.add(row.base().text());
    fields.add(row.schedule().text());
    fields.add(row.source());
    fields.add(row.createdBy());
    fields.add(row.createdAt());
    return fields;
  }

  /** Reads a row of the columns of the table. */
  public static Price row(ResultSet rs) throws SQLException {
    UnitPrices base =
        new UnitPrices(
            rs.getLong("input_price"),
            rs.getLong("cache_read_price"),
            rs.getLong("cache_write_price"),
            rs.getLong("output_price"),
            rs.getLong("reasoning_price"),
            rs.getLong("image_price"),
            rs.getLong("second_price"),
            rs.getLong("request_price"));
    long to = rs.getLong("valid_to");
    Long validTo = rs.wasNull() ? null : to;
    long id = rs.getLong("id");
    return new Price(
        id,
        rs.getString("model_version"),
        rs.getString("project_id"),
        rs.getLong("valid_from"),
        validTo,
        base,
        Schedule.parse(rs.getString("schedule"), base, "price_book row " + id),
        rs.getString("source"),
        rs.getString("created_by"),
        rs.getLong("created_at"));
  }

  /** Reads no more. */
  @Override
  public void close() {
    closed = true;
    news.release();
    Thread running = thread;
    if (running != null) {
      try {
        // A query that goes on would find its database closed.
        if (!running.join(Duration.ofSeconds(2))) {
          running.interrupt();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
