package io.hadal.server;

import io.hadal.formats.FormatException;
import io.hadal.platform.Refusal;
import io.hadal.platform.tenancy.Identity;
import io.hadal.server.RecordingExchange.Recording;
import io.hadal.server.wire.Call;
import org.jspecify.annotations.Nullable;

/**
 * Keeps answers for repeated requests encrypted by the data key of their organisation, in memory
 * too, so that a dump of it holds none and erasing the key erases them.
 */
final class KeptAnswers {
  private final PlatformAccess.@Nullable Vault vault;

  /**
   * Answers of a platform's projects.
   *
   * @param vault null to keep answers as they are
   */
  KeptAnswers(PlatformAccess.@Nullable Vault vault) {
    this.vault = vault;
  }

  /** An answer as it is kept; null when it cannot be. */
  @Nullable Recording close(Call call, String key, @Nullable Recording answer) {
    Identity identity = call.meter().identity();
    if (answer == null || vault == null || identity == null) {
      return answer;
    }
    try {
      return answer.with(vault.seal(identity.org(), place(identity, key), answer.body()));
    } catch (FormatException | Refusal | IllegalStateException e) {
      return null;
    }
  }

  /** An answer as it was given; null when it is lost. */
  @Nullable Recording open(Call call, String key, Recording kept) {
    Identity identity = call.meter().identity();
    if (vault == null || identity == null) {
      return kept;
    }
    try {
      return kept.with(vault.open(identity.org(), place(identity, key), kept.body()));
    } catch (FormatException | Refusal | IllegalStateException e) {
      return null;
    }
  }

  private static String place(Identity identity, String key) {
    return "idempotency/" + identity.project() + "/" + key;
  }
}
