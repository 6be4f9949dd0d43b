package io.hadal.engine.draft;

/** How often the guesses for one text have held lately. */
public final class Chances {
  /** Most guesses at once. */
  public static final int MOST = 16;

  private static final double MEMORY = 0.9;

  /** Steps without a guess after which one is tried again. */
  private static final int PATIENCE = 24;

  // Chance that guess i holds when those before it do.
  private final double[] chance;
  // Guesses that held, by step with guesses.
  private double gain;
  private int idle;

  Chances(double[] chance, double gain) {
    this.chance = chance.clone();
    this.gain = gain;
  }

  double chance(int index) {
    return chance[index];
  }

  double gain() {
    return gain;
  }

  /** True when it is time to see whether guesses hold by now. */
  boolean curious() {
    return ++idle % PATIENCE == 0;
  }

  /** Learns from a step. */
  void learn(int guesses, int right) {
    learn(guesses, right, MEMORY);
  }

  void learn(int guesses, int right, double memory) {
    idle = 0;
    for (int i = 0; i < Math.min(guesses, right + 1); i++) {
      chance[i] = memory * chance[i] + (1 - memory) * (i < right ? 1 : 0);
    }
    gain = memory * gain + (1 - memory) * right;
  }

  Chances copy() {
    return new Chances(chance, gain);
  }
}
