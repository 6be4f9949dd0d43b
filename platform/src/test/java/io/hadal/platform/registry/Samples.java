package io.hadal.platform.registry;

import io.hadal.formats.Json;
import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.tenancy.ProjectPolicy;
import io.hadal.platform.tenancy.Scope;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Set;

/** Manifests, identities and a clock of tests. */
public final class Samples {
  private Samples() {}

  /** A clock that stands still until it is moved. */
  public static final class StandingClock extends Clock {
    private Instant now = Instant.parse("2026-11-29T12:00:00Z");

    public void move(long millis) {
      now = now.plusMillis(millis);
    }

    public void at(String instant) {
      now = Instant.parse(instant);
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }

    @Override
    public Instant instant() {
      return now;
    }
  }

  /** A routed model of a family. */
  public static Manifest routed(String family, String upstreamModel) {
    return manifest(
        "{'kind':'routed','family':'"
            + family
            + "','upstream_model':'"
            + upstreamModel
            + "','backends':['east','west'],'context':4096}");
  }

  /** Single quotes stand for double ones. */
  public static Manifest manifest(String json) {
    return Manifest.of(
        Json.parse(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8), "test"), "test");
  }

  public static Identity identity(String org, String key, String... models) {
    return identity(org, key, ProjectPolicy.DEFAULT, models);
  }

  public static Identity identity(String org, String key, ProjectPolicy policy, String... models) {
    return new Identity(
        org, "team", "project", key, null, Set.of(Scope.INFERENCE), List.of(models), policy);
  }
}
