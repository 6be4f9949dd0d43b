package io.hadal.platform.registry;

import io.hadal.formats.FormatException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where local versions run. A routed one runs where its upstreams are, which is asked of them. */
@FunctionalInterface
public interface RunningVersions {
  /** For administration without a server: nothing is known. */
  RunningVersions UNKNOWN = version -> new State(null, List.of(), null);

  /**
   * Where a version runs.
   *
   * @param here whether the model of this process is this version; null for a routed one
   * @param engines other nodes that run it
   * @param why what makes the model of this process another one; null when it is not
   */
  record State(@Nullable Boolean here, List<String> engines, @Nullable String why) {
    public State {
      engines = List.copyOf(engines);
    }

    /** False when nobody could answer for it. */
    public boolean anywhere() {
      return here == null || here || !engines.isEmpty();
    }
  }

  /** Where a version runs now. */
  State of(ModelVersion version);

  /**
   * Lets nobody try a version that runs nowhere.
   *
   * @param remedy behind the reason; empty for none
   * @throws FormatException when it does not
   */
  default void requireAnywhere(ModelVersion version, String remedy) {
    State state = of(version);
    if (!state.anywhere()) {
      throw new FormatException(
          version.id(), "runs nowhere: " + state.why() + ", and no engine node has it" + remedy);
    }
  }
}
