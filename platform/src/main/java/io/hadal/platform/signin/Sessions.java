package io.hadal.platform.signin;

import io.hadal.formats.Sha256;
import io.hadal.platform.SecretText;
import io.hadal.platform.db.Database;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * Sessions of people. The database knows a hash of each token; who reads it cannot take a session
 * over.
 */
public final class Sessions {
  /** Longest time without a request. */
  public static final Duration IDLE = Duration.ofHours(1);

  /** Longest time at all. */
  public static final Duration ABSOLUTE = Duration.ofHours(12);

  /** How exactly the last request is known. */
  private static final long SEEN_MILLIS = 60_000;

  private final Database database;
  private final Clock clock;

  /**
   * A session.
   *
   * @param csrf what calls that change something must send along
   * @param expiresAt when it ends at the latest, in milliseconds since 1970
   */
  public record Session(String principal, SecretText csrf, long expiresAt) {}

  /**
   * A session that has begun.
   *
   * @param token what the browser shows from now on; 256 random bits
   */
  public record Begun(SecretText token, Session session) {}

  public Sessions(Database database, Clock clock) {
    this.database = database;
    this.clock = clock;
  }

  /** Begins a session of a principal. */
  public Begun begin(String principal) {
    SecretText token = random();
    long now = clock.millis();
    Session session = new Session(principal, random(), now + ABSOLUTE.toMillis());
    database.run(
        h -> {
          h.execute(
              "DELETE FROM session WHERE expires_at <= ? OR last_seen_at <= ?",
              now,
              now - IDLE.toMillis());
          h.createUpdate(
                  """
                  INSERT INTO session
                    (token_hash, principal_id, csrf, created_at, expires_at, last_seen_at)
                  VALUES (:hash, :principal, :csrf, :now, :expires, :now)
                  """)
              .bind("hash", hash(token))
              .bind("principal", principal)
              .bind("csrf", session.csrf().reveal())
              .bind("now", now)
              .bind("expires", session.expiresAt())
              .execute();
        });
    return new Begun(token, session);
  }

  private static SecretText random() {
    byte[] bytes = new byte[32];
    new SecureRandom().nextBytes(bytes);
    return new SecretText(Base64.getUrlEncoder().withoutPadding().encodeToString(bytes));
  }

  /** The session of a token; null when there is none, or it is over. */
  public @Nullable Session find(SecretText token) {
    String hash = hash(token);
    long now = clock.millis();
    Seen seen =
        database.<@Nullable Seen>read(
            h ->
                h.createQuery(
                        "SELECT principal_id, csrf, expires_at, last_seen_at FROM session"
                            + " WHERE token_hash = :hash")
                    .bind("hash", hash)
                    .map(
                        (rs, c) ->
                            new Seen(
                                new Session(
                                    rs.getString(1),
                                    new SecretText(rs.getString(2)),
                                    rs.getLong(3)),
                                rs.getLong(4)))
                    .findOne()
                    .orElse(null));
    if (seen == null || now >= seen.session.expiresAt() || now - seen.at >= IDLE.toMillis()) {
      return null;
    }
    if (now - seen.at >= SEEN_MILLIS) {
      database.run(
          h -> h.execute("UPDATE session SET last_seen_at = ? WHERE token_hash = ?", now, hash));
    }
    return seen.session;
  }

  private record Seen(Session session, long at) {}

  /** Ends a session. */
  public void end(SecretText token) {
    database.run(h -> h.execute("DELETE FROM session WHERE token_hash = ?", hash(token)));
  }

  private static String hash(SecretText token) {
    return Sha256.hex(token.reveal());
  }
}
