package io.hadal.platform.cluster;

import io.hadal.platform.db.Database;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The rows of nodes. */
final class NodeTable {
  private final Database database;

  NodeTable(Database database) {
    this.database = database;
  }

  /** A row but for its digest. */
  record Row(
      String name,
      String incarnation,
      @Nullable Engine engine,
      Load load,
      long digestVersion,
      @Nullable ConfigMark config,
      long beats,
      long startedAt,
      long renewedAt) {}

  List<Row> all() {
    return database.read(
        h ->
            h.createQuery(
                    "SELECT name, incarnation, address, models, version, context, weight, region,"
                        + " running, waiting, draining, digest_version, beats, started_at,"
                        + " renewed_at, config_hash, config_pending FROM node ORDER BY name")
                .map(
                    (rs, ctx) -> {
                      String address = rs.getString(3);
                      String config = rs.getString(16);
                      return new Row(
                          rs.getString(1),
                          rs.getString(2),
                          address == null
                              ? null
                              : new Engine(
                                  address,
                                  List.of(rs.getString(4).split("\n")),
                                  rs.getString(5),
                                  rs.getInt(6),
                                  rs.getInt(7),
                                  rs.getString(8)),
                          new Load(rs.getInt(9), rs.getInt(10), rs.getInt(11) != 0),
                          rs.getLong(12),
                          config == null ? null : new ConfigMark(config, rs.getInt(17) != 0),
                          rs.getLong(13),
                          rs.getLong(14),
                          rs.getLong(15));
                    })
                .list());
  }

  @Nullable Row find(String name) {
    return all().stream().filter(row -> row.name().equals(name)).findFirst().orElse(null);
  }

  BlockDigest digest(String name) {
    return database.read(
        h ->
            h.createQuery("SELECT digest FROM node WHERE name = :name")
                .bind("name", name)
                .mapTo(String.class)
                .findOne()
                .map(BlockDigest::parse)
                .orElse(BlockDigest.EMPTY));
  }

  /** Takes a name, whoever had it before. */
  void take(String name, String incarnation, @Nullable Engine engine, long now) {
    database.run(
        h ->
            h.createUpdate(
                    """
                    INSERT INTO node (name, incarnation, address, models, version, context, weight,
                      region, running, waiting, draining, digest, digest_version, beats,
                      started_at, renewed_at)
                    VALUES (:name, :incarnation, :address, :models, :version, :context, :weight,
                      :region, 0, 0, 0, '', 0, 1, :now, :now)
                    ON CONFLICT (name) DO UPDATE SET incarnation = excluded.incarnation,
                      address = excluded.address, models = excluded.models,
                      version = excluded.version, context = excluded.context,
                      weight = excluded.weight, region = excluded.region, running = 0,
                      waiting = 0, draining = 0, digest = '', digest_version = 0,
                      config_hash = NULL, config_pending = 0,
                      beats = node.beats + 1, started_at = excluded.started_at,
                      renewed_at = excluded.renewed_at
                    """)
                .bind("name", name)
                .bind("incarnation", incarnation)
                .bind("address", engine == null ? null : engine.address())
                .bind("models", engine == null ? "" : String.join("\n", engine.models()))
                .bind("version", engine == null ? "" : engine.version())
                .bind("context", engine == null ? 0 : engine.context())
                .bind("weight", engine == null ? 1 : engine.weight())
                .bind("region", engine == null ? null : engine.region())
                .bind("now", now)
                .execute());
  }

  /**
   * Says that a node lives.
   *
   * @param config null when it is not known
   * @param digest null when it has not changed
   * @return false when the row belongs to another process now, or is gone
   */
  boolean beat(
      String name,
      String incarnation,
      Load load,
      @Nullable ConfigMark config,
      @Nullable BlockDigest digest,
      long now) {
    return database.write(
            h ->
                h.createUpdate(
                        "UPDATE node SET beats = beats + 1, running = :running, waiting ="
                            + " :waiting, draining = :draining, renewed_at = :now,"
                            + " config_hash = :config, config_pending = :pending"
                            + (digest == null
                                ? ""
                                : ", digest = :digest, digest_version = digest_version + 1")
                            + " WHERE name = :name AND incarnation = :incarnation")
                    .bind("running", load.running())
                    .bind("waiting", load.waiting())
                    .bind("draining", load.draining() ? 1 : 0)
                    .bind("now", now)
                    .bind("config", config == null ? null : config.hash())
                    .bind("pending", config != null && config.pending() ? 1 : 0)
                    .bind("digest", digest == null ? "" : digest.text())
                    .bind("name", name)
                    .bind("incarnation", incarnation)
                    .execute())
        == 1;
  }

  /** Says what a node computes for others from now on. */
  void offer(String name, String incarnation, Engine engine) {
    database.run(
        h ->
            h.createUpdate(
                    "UPDATE node SET models = :models WHERE name = :name AND incarnation ="
                        + " :incarnation")
                .bind("models", String.join("\n", engine.models()))
                .bind("name", name)
                .bind("incarnation", incarnation)
                .execute());
  }

  void leave(String name, String incarnation) {
    database.run(
        h -> h.execute("DELETE FROM node WHERE name = ? AND incarnation = ?", name, incarnation));
  }

  /** Forgets nodes that were not heard of for long. */
  void prune(long before) {
    database.run(h -> h.execute("DELETE FROM node WHERE renewed_at < ?", before));
  }
}
