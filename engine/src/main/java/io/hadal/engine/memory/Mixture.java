package io.hadal.engine.memory;

/**
 * The predictors that know the place where a text stands: one per level (open file, project) and
 * order whose context was seen, and one per level for the latest follower of the longest such
 * context. Each has a weight that depends on how often and how uniformly its context was followed;
 * the model's depends on how sure it is and on the longest contexts. A softmax turns the weights
 * into shares.
 */
final class Mixture {
  static final int LEVELS = 2;
  private static final int ORDERS = RecentTokens.ORDERS.length;
  private static final int TOTALS = 6;
  private static final int KINDS = 4;
  private static final int CONFIDENCES = 8;
  private static final int LENGTHS = 5;

  /** A context with more followers says little and costs much. */
  private static final int MAX_KINDS = 64;

  private static final int LATEST = LEVELS * ORDERS * TOTALS * KINDS;
  private static final int MODEL = LATEST + LEVELS * ORDERS * 2;

  /** Number of weights. */
  static final int WEIGHTS = MODEL + CONFIDENCES * LENGTHS * LENGTHS;

  static final int MAX_EXPERTS = LEVELS * (ORDERS + 1);

  private final ContextCounts[] levels;
  private final int[] weight = new int[MAX_EXPERTS];
  private final int[] entry = new int[MAX_EXPERTS];
  private final int[] total = new int[MAX_EXPERTS];
  private final int[] level = new int[MAX_EXPERTS];
  private final int[] longest = new int[LEVELS];
  private int experts;

  /**
   * @param levels counts of the open file and of the project
   */
  Mixture(ContextCounts... levels) {
    this.levels = levels.clone();
  }

  /** Finds the predictors of a place. */
  void look(RecentTokens recent) {
    experts = 0;
    for (int l = 0; l < LEVELS; l++) {
      longest[l] = -1;
      int last = ContextCounts.NONE;
      boolean mostFrequent = false;
      for (int o = 0; o < recent.orders(); o++) {
        int head = levels[l].firstEntry(recent.key(o));
        if (head == ContextCounts.NONE) {
          break; // a longer context ends with this one
        }
        int sum = 0;
        int kinds = 0;
        int most = 0;
        for (int e = head; e != ContextCounts.NONE && kinds <= MAX_KINDS; kinds++) {
          sum += levels[l].count(e);
          most = Math.max(most, levels[l].count(e));
          e = levels[l].nextEntry(e);
        }
        longest[l] = o;
        last = head;
        mostFrequent = levels[l].count(head) == most;
        if (kinds <= MAX_KINDS) {
          int w = ((l * ORDERS + o) * TOTALS + totalClass(sum)) * KINDS + kindClass(kinds);
          expert(l, w, head, sum);
        }
      }
      if (last != ContextCounts.NONE) {
        expert(l, LATEST + (l * ORDERS + longest[l]) * 2 + (mostFrequent ? 1 : 0), last, 0);
      }
    }
  }

  private void expert(int l, int w, int head, int sum) {
    level[experts] = l;
    weight[experts] = w;
    entry[experts] = head;
    total[experts] = sum;
    experts++;
  }

  int experts() {
    return experts;
  }

  /** Which weight a predictor has. */
  int weight(int expert) {
    return weight[expert];
  }

  /**
   * Which weight the model has.
   *
   * @param confidence its largest probability
   */
  int modelWeight(double confidence) {
    int c = Math.min(CONFIDENCES - 1, (int) (confidence * CONFIDENCES));
    return MODEL + (c * LENGTHS + lengthClass(longest[0])) * LENGTHS + lengthClass(longest[1]);
  }

  /** Probability that a predictor gives a token. */
  double probability(int expert, int id) {
    ContextCounts counts = levels[level[expert]];
    int e = entry[expert];
    if (total[expert] == 0) {
      return counts.token(e) == id ? 1 : 0;
    }
    for (; e != ContextCounts.NONE; e = counts.nextEntry(e)) {
      if (counts.token(e) == id) {
        return counts.count(e) / (double) total[expert];
      }
    }
    return 0;
  }

  /** Where learning begins: the model has about nine tenths beside one predictor. */
  static float startWeight(int index) {
    return index >= MODEL ? 1 : -1;
  }

  /** Takes the tokens that a predictor knows. */
  interface Receiver {
    void token(int id, double probability);
  }

  void forEach(int expert, Receiver receiver) {
    ContextCounts counts = levels[level[expert]];
    int e = entry[expert];
    if (total[expert] == 0) {
      receiver.token(counts.token(e), 1);
      return;
    }
    for (; e != ContextCounts.NONE; e = counts.nextEntry(e)) {
      receiver.token(counts.token(e), counts.count(e) / (double) total[expert]);
    }
  }

  private static int totalClass(int n) {
    return Math.min(TOTALS - 1, 32 - Integer.numberOfLeadingZeros(n - 1));
  }

  private static int kindClass(int n) {
    return n <= 2 ? n - 1 : n <= 4 ? 2 : 3;
  }

  private static int lengthClass(int order) {
    return (order + 2) / 2;
  }
}
