package io.hadal.platform.signin;

import io.hadal.platform.Ids;
import io.hadal.platform.SecretText;
import io.hadal.platform.db.Database;
import io.hadal.platform.tenancy.TenancyVersion;
import java.time.Clock;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * The first tenants, and the one local administrator with a password, for the first day and for
 * emergencies.
 */
public final class BreakGlass {
  /** Name of the administrator. */
  public static final String NAME = "administrator";

  /** Name of the first organisation, team and project. */
  public static final String DEFAULT = "default";

  private static final int CHARACTERS = 24;
  private static final String OIDC_WORKED = "oidc_signed_in_at";

  private final Database database;
  private final PasswordHash passwords;
  private final Clock clock;

  /**
   * @param passwords how its password is kept
   */
  public BreakGlass(Database database, PasswordHash passwords, Clock clock) {
    this.database = database;
    this.passwords = passwords;
    this.clock = clock;
  }

  /**
   * Makes the first organisation, team, project and administrator when there is no organisation.
   *
   * @return the administrator's password, to be shown once; null when there was something
   */
  public @Nullable SecretText firstStart() {
    if (database.<Integer>read(BreakGlass::orgs) > 0) {
      return null;
    }
    SecretText password = newPassword();
    String hash = passwords.hash(password);
    boolean made =
        database.<Boolean>write(
            h -> {
              // Another node may have been quicker: the name is unique.
              String org = Ids.next("org_");
              int rows =
                  h.execute(
                      "INSERT INTO org (id, name, status, created_at)"
                          + " VALUES (?, ?, 'active', ?) ON CONFLICT (name) DO NOTHING",
                      org,
                      DEFAULT,
                      clock.millis());
              if (rows == 0) {
                return false;
              }
              fill(h, org);
              administrator(h, org, hash);
              return true;
            });
    return made ? password : null;
  }

  private static int orgs(Handle h) {
    return h.createQuery("SELECT count(*) FROM org").mapTo(Integer.class).one();
  }

  private void fill(Handle h, String org) {
    String team = Ids.next("team_");
    h.execute(
        "INSERT INTO team (id, org_id, name, created_at) VALUES (?, ?, ?, ?)",
        team,
        org,
        DEFAULT,
        clock.millis());
    h.execute(
        "INSERT INTO project (id, org_id, team_id, slug, name, status, policy, created_at)"
            + " VALUES (?, ?, ?, ?, ?, 'active', '', ?)",
        Ids.next("proj_"),
        org,
        team,
        DEFAULT,
        DEFAULT,
        clock.millis());
  }

  private void administrator(Handle h, String org, String hash) {
    String id = Ids.next("prn_");
    h.execute(
        "INSERT INTO principal (id, org_id, kind, name, password, status, created_at)"
            + " VALUES (?, ?, 'user', ?, ?, 'active', ?)",
        id,
        org,
        NAME,
        hash,
        clock.millis());
    ownerOfAll(h, id);
  }

  private void ownerOfAll(Handle h, String principal) {
    h.execute(
        "INSERT INTO role_grant (principal_id, scope_type, scope_id, role, source, created_at)"
            + " VALUES (?, 'all', '*', 'owner', 'local', ?)"
            + " ON CONFLICT (principal_id, scope_type, scope_id, role) DO NOTHING",
        principal,
        clock.millis());
  }

  private static SecretText newPassword() {
    return new SecretText(Ids.random(CHARACTERS));
  }

  /**
   * A new password for the administrator, who is made again if need be, and may use it until the
   * next sign-in by an identity provider.
   *
   * @return the password, to be shown once
   */
  public SecretText reset() {
    SecretText first = firstStart();
    if (first != null) {
      return first;
    }
    SecretText password = newPassword();
    String hash = passwords.hash(password);
    database.run(
        h -> {
          String id =
              h.createQuery("SELECT id FROM principal WHERE password IS NOT NULL AND name = :name")
                  .bind("name", NAME)
                  .mapTo(String.class)
                  .findOne()
                  .orElse(null);
          if (id == null) {
            String org =
                h.createQuery("SELECT id FROM org ORDER BY created_at, id LIMIT 1")
                    .mapTo(String.class)
                    .one();
            administrator(h, org, hash);
          } else {
            h.execute(
                "UPDATE principal SET password = ?, status = 'active' WHERE id = ?", hash, id);
            ownerOfAll(h, id);
            h.execute("DELETE FROM session WHERE principal_id = ?", id);
          }
          h.execute(
              "UPDATE org SET status = 'active' WHERE id ="
                  + " (SELECT org_id FROM principal WHERE password IS NOT NULL AND name = ?)",
              NAME);
          h.execute("DELETE FROM platform_state WHERE name = ?", OIDC_WORKED);
          TenancyVersion.changed(h);
        });
    return password;
  }

  /** The administrator when name and password are right; null when not. */
  @Nullable String verify(String name, SecretText password) {
    String[] found =
        database.<String @Nullable []>read(
            h ->
                h.createQuery(
                        "SELECT id, password FROM principal WHERE password IS NOT NULL"
                            + " AND name = :name AND status = 'active'")
                    .bind("name", name)
                    .map((rs, c) -> new String[] {rs.getString(1), rs.getString(2)})
                    .findOne()
                    .orElse(null));
    if (found == null) {
      // Takes as long as if there were one, so that time does not tell names.
      var _ = passwords.hash(password);
      return null;
    }
    return passwords.verify(password, found[1]) ? found[0] : null;
  }

  /** Whether somebody has signed in by the identity provider since the password was set. */
  boolean oidcWorked() {
    return database.<Integer>read(
            h ->
                h.createQuery("SELECT count(*) FROM platform_state WHERE name = :name")
                    .bind("name", OIDC_WORKED)
                    .mapTo(Integer.class)
                    .one())
        > 0;
  }

  /** Notes that somebody who may administer has signed in by the identity provider. */
  void noteOidc() {
    database.run(
        h ->
            h.execute(
                "INSERT INTO platform_state (name, value) VALUES (?, ?)"
                    + " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                OIDC_WORKED,
                clock.millis()));
  }
}
