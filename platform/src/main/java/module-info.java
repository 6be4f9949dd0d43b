/** The platform around the models: tenancy, keys, budgets, ledger, audit, registry. */
module io.hadal.platform {
  requires com.github.benmanes.caffeine;
  requires com.nimbusds.jose.jwt;
  requires com.zaxxer.hikari;

  // JDBI needs it and, without a description of its own, cannot say so.
  requires io.leangen.geantyref;
  requires flyway.core;
  requires transitive io.hadal.formats;
  requires jakarta.mail;
  requires java.logging;
  requires java.net.http;
  requires org.eclipse.angus.mail;
  requires org.postgresql.jdbc;
  requires transitive java.sql;
  requires transitive org.jdbi.v3.core;
  requires static transitive org.jspecify;

  exports io.hadal.platform.alert;
  exports io.hadal.platform.audit;
  exports io.hadal.platform.backup;
  exports io.hadal.platform.budget;
  exports io.hadal.platform.compare;
  exports io.hadal.platform.cluster;
  exports io.hadal.platform.db;
  exports io.hadal.platform.journal;
  exports io.hadal.platform.json;
  exports io.hadal.platform.keys;
  exports io.hadal.platform.lease;
  exports io.hadal.platform.ledger;
  exports io.hadal.platform.limits;
  exports io.hadal.platform.media;
  exports io.hadal.platform.metering;
  exports io.hadal.platform.money;
  exports io.hadal.platform.node;
  exports io.hadal.platform.privacy;
  exports io.hadal.platform.probe;
  exports io.hadal.platform.redaction;
  exports io.hadal.platform.registry;
  exports io.hadal.platform.reports;
  exports io.hadal.platform.rollout;
  exports io.hadal.platform.secrets;
  exports io.hadal.platform.signin;
  exports io.hadal.platform.tenancy;
  exports io.hadal.platform.usage;
  exports io.hadal.platform;

  uses io.hadal.platform.secrets.SecretProvider;

  // Flyway finds the migrations as resources, which modules keep to themselves.
  opens io.hadal.platform.db.migration.common;
  opens io.hadal.platform.db.migration.postgresql;
  opens io.hadal.platform.db.migration.sqlite;
}
