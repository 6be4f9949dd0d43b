package io.hadal.platform.keys;

import io.hadal.platform.tenancy.Place;
import io.hadal.platform.tenancy.Scope;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A key as it may be shown. Times are milliseconds since 1970.
 *
 * @param kid its public part
 * @param test true for a key of the test environment
 * @param last4 the last characters of its text
 * @param models names and patterns with * of models it may use; empty for all
 * @param addresses ranges it may be used from; empty for all
 * @param limits JSON of its own limits
 * @param previousUntil how long the secret before the last rotation works; null for not
 */
public record ApiKey(
    String id,
    String kid,
    boolean test,
    String org,
    String team,
    String project,
    @Nullable String principal,
    String name,
    String last4,
    Set<Scope> scopes,
    List<String> models,
    List<String> addresses,
    String limits,
    long createdAt,
    @Nullable Long previousUntil,
    @Nullable Long expiresAt,
    @Nullable Long revokedAt,
    @Nullable Long lastUsedAt) {
  public ApiKey {
    scopes = Set.copyOf(scopes);
    models = List.copyOf(models);
    addresses = List.copyOf(addresses);
  }

  public Place place() {
    return Place.project(org, team, project);
  }

  /** What it is now. */
  public String state(long now) {
    return revokedAt != null
        ? "revoked"
        : expiresAt != null && expiresAt <= now ? "expired" : "active";
  }
}
