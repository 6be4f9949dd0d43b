package io.hadal.engine.constraint;

import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/** All the ways to stand in a grammar behind a text: states with moves, each on its stack. */
final class Position {
  final int[] states;
  final Stack[] stacks;

  /** Whether the text may end here. */
  final boolean complete;

  /** Where bytes of each class lead; null where that is not known yet. */
  final @Nullable Position[] next;

  @Nullable BitSet mask;

  Position(int[] states, Stack[] stacks, boolean complete, int classes) {
    this.states = states;
    this.stacks = stacks;
    this.complete = complete;
    this.next = new @Nullable Position[classes];
  }

  boolean isDead() {
    return states.length == 0 && !complete;
  }
}
