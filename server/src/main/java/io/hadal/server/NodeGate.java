package io.hadal.server;

import io.hadal.platform.cluster.NodeTokens;
import io.hadal.platform.usage.Ending;
import io.hadal.platform.usage.Gate;
import io.hadal.platform.usage.Metered;
import io.hadal.platform.usage.Work;
import io.hadal.server.routing.OpenGate;

/** Counts what clients ask for; what a gateway sends has been counted there. */
final class NodeGate implements Gate {
  private final Gate counting;
  private final Gate open = new OpenGate();

  NodeGate(Gate counting) {
    this.counting = counting;
  }

  @Override
  public Metered admit(Work work) {
    return (NodeTokens.counted(work.identity()) ? open : counting).admit(work);
  }

  @Override
  public void book(Work work, long start, Ending ending) {
    counting.book(work, start, ending);
  }
}
