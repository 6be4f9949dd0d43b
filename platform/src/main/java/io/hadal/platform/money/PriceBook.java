package io.hadal.platform.money;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.hadal.formats.FormatException;
import io.hadal.platform.Outage;
import io.hadal.platform.Refusal;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.HashChain;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * What things cost, and cost at any time before: rows are only added. Of the rows for a version, a
 * project's own come first; of those that are valid, the one that began last, and of those the one
 * entered last. So a correction is a row with the same beginning.
 *
 * <p>Rows are kept for some seconds, and while the database cannot be reached, as long as {@link
 * Outage} says.
 */
public final class PriceBook {
  /** How long rows are used before the database is asked again. */
  static final long FRESH_MILLIS = 5_000;

  private static final String COLUMNS =
      "id, model_version, project_id, valid_from, valid_to, input_price, cache_read_price,"
          + " cache_write_price, output_price, reasoning_price, image_price, second_price,"
          + " request_price, schedule, source, created_by, created_at";

  /** What happens to models without a price. */
  public enum Unpriced {
    FREE,
    REFUSED
  }

  private record Key(String modelVersion, String project) {}

  private record Rows(List<Price> rows, long read, long next) {}

  private final Database database;
  private final Unpriced unpriced;
  private final Clock clock;
  private final Outage outage;
  private final Cache<Key, Rows> cache = Caffeine.newBuilder().maximumSize(10_000).build();
  private final Cache<Long, Price> byId = Caffeine.newBuilder().maximumSize(10_000).build();

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

  /**
   * The prices of a request that begins at a moment. A usage event must have that moment as its
   * start: by it the verifier finds the prices again.
   *
   * @throws Refusal when the model has no price and must have one, or when nobody can say
   */
  public PriceSnapshot at(String modelVersion, String project, long millis) {
    Price best = null;
    for (Price row : rows(new Key(modelVersion, project))) {
      if (row.validAt(millis) && (best == null || before(best, row))) {
        best = row;
      }
    }
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

  /** Whether b goes before a. */
  private static boolean before(Price a, Price b) {
    if ((a.project() == null) != (b.project() == null)) {
      return b.project() != null;
    }
    boolean anyA = a.modelVersion().equals(Price.ANY_MODEL);
    boolean anyB = b.modelVersion().equals(Price.ANY_MODEL);
    if (anyA != anyB) {
      return anyA;
    }
    if (a.validFrom() != b.validFrom()) {
      return b.validFrom() > a.validFrom();
    }
    return b.id() > a.id();
  }

  private List<Price> rows(Key key) {
    long now = clock.millis();
    Rows known = cache.getIfPresent(key);
    if (known != null && now < known.next()) {
      return known.rows();
    }
    if (known != null) {
      // Others use what is there while one asks.
      cache.put(key, new Rows(known.rows(), known.read(), now + FRESH_MILLIS));
    }
    try {
      List<Price> rows =
          database.read(
              h ->
                  h.createQuery(
                          "SELECT "
                              + COLUMNS
                              + " FROM price_book WHERE model_version IN (:m, '*')"
                              + " AND (project_id IS NULL OR project_id = :p)")
                      .bind("m", key.modelVersion())
                      .bind("p", key.project())
                      .map((rs, ctx) -> row(rs))
                      .list());
      cache.put(key, new Rows(rows, now, now + FRESH_MILLIS));
      return rows;
    } catch (RuntimeException e) {
      if (known != null && outage.holds(now - known.read())) {
        return known.rows();
      }
      throw new Refusal(
          Refusal.Reason.UNAVAILABLE, "The price of the model cannot be looked up.", 1_000, null);
    }
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
    cache.invalidateAll();
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
}
