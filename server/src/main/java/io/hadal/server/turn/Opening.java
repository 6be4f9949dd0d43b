package io.hadal.server.turn;

import io.hadal.engine.constraint.TokenConstraint;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** An answer that begins with one of some texts and goes on without rules. */
final class Opening implements TokenConstraint {
  private final List<int[]> openings;
  private final BitSet all;
  private int taken;

  /**
   * @param openings ids of the texts
   * @param all tokens that may follow
   */
  Opening(List<int[]> openings, BitSet all) {
    this.openings = new ArrayList<>(openings);
    this.all = all;
  }

  private Opening(Opening from, List<int[]> openings, int taken) {
    this(openings, from.all);
    this.taken = taken;
  }

  private boolean over() {
    return openings.stream().anyMatch(ids -> ids.length == taken);
  }

  @Override
  public BitSet allowed() {
    if (over()) {
      return all;
    }
    BitSet next = new BitSet();
    openings.forEach(ids -> next.set(ids[taken]));
    return next;
  }

  @Override
  public void accept(int token) {
    if (!over()) {
      openings.removeIf(ids -> ids[taken] != token);
      taken++;
    }
  }

  @Override
  public boolean mayEnd() {
    return over();
  }

  @Override
  public boolean finished() {
    return false;
  }

  @Override
  public TokenConstraint fork() {
    return new Opening(this, openings, taken);
  }
}
