package io.hadal.server.routing;

import io.hadal.platform.LimitState;
import io.hadal.platform.usage.Ending;
import io.hadal.platform.usage.Gate;
import io.hadal.platform.usage.Metered;
import io.hadal.platform.usage.Quantities;
import io.hadal.platform.usage.Work;

/** Lets everything pass and keeps nothing: a server without the platform. */
public final class OpenGate implements Gate {
  private static final Metered FREE =
      new Metered() {
        @Override
        public boolean produced(Quantities soFar) {
          return true;
        }

        @Override
        public long end(Ending ending) {
          return 0;
        }

        @Override
        public LimitState limits() {
          return LimitState.NONE;
        }

        @Override
        public long cost() {
          return 0;
        }
      };

  @Override
  public Metered admit(Work work) {
    return FREE;
  }
}
