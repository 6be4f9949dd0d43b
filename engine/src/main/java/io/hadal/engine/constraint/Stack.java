package io.hadal.engine.constraint;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What to go on with when a rule is complete: states, each with the stack under it. Several callers
 * of a rule at one place share one stack. Equal stacks are one object.
 */
final class Stack {
  final int[] states;
  final @Nullable Stack[] under;

  /** Order of creation; tells stacks apart. */
  final int serial;

  Stack(int[] states, @Nullable Stack[] under, int serial) {
    this.states = states;
    this.under = under;
    this.serial = serial;
  }

  /** Content of a stack, for finding equal ones. */
  @SuppressWarnings("ArrayRecordComponent") // compared by content
  record Key(int[] states, int[] serials) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Key k
          && Arrays.equals(states, k.states)
          && Arrays.equals(serials, k.serials);
    }

    @Override
    public int hashCode() {
      return 31 * Arrays.hashCode(states) + Arrays.hashCode(serials);
    }
  }
}
