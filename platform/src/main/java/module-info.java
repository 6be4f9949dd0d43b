/** The platform around the models: tenancy, keys, budgets, ledger, audit, registry. */
module io.hadal.platform {
  requires com.github.benmanes.caffeine;
  requires com.nimbusds.jose.jwt;
  requires com.zaxxer.hikari;
  requires flyway.core;
  requires transitive io.hadal.formats;
  requires java.logging;
  requires transitive java.sql;
  requires transitive org.jdbi.v3.core;
  requires static transitive org.jspecify;

  exports io.hadal.platform;
  exports io.hadal.platform.db;
  exports io.hadal.platform.journal;
  exports io.hadal.platform.ledger;
  exports io.hadal.platform.metering;
  exports io.hadal.platform.money;
  exports io.hadal.platform.registry;
  exports io.hadal.platform.reports;
  exports io.hadal.platform.tenancy;
}
