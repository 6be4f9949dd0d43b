package io.hadal.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StopMatcherTest {
  @Test
  void anyCutOfTheTextGivesTheSame() {
    Random random = new Random(3);
    for (int round = 0; round < 2000; round++) {
      String text = letters(random, 30);
      List<String> stops =
          List.of(letters(random, 1 + random.nextInt(4)), letters(random, 1 + random.nextInt(4)));
      int end = text.length();
      int last = Integer.MAX_VALUE;
      for (String stop : stops) {
        int at = text.indexOf(stop);
        int behind = at + stop.length();
        if (at >= 0 && (behind < last || (behind == last && at < end))) {
          end = at;
          last = behind;
        }
      }
      StopMatcher matcher = new StopMatcher(stops);
      StringBuilder out = new StringBuilder();
      int at = 0;
      while (at < text.length()) {
        int next = Math.min(text.length(), at + 1 + random.nextInt(5));
        out.append(matcher.feed(text.substring(at, next)));
        at = next;
      }
      out.append(matcher.finish());
      assertThat(out).as(text + " " + stops).hasToString(text.substring(0, end));
      assertThat(matcher.found() != null).isEqualTo(last < Integer.MAX_VALUE);
    }
  }

  private static String letters(Random random, int count) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      text.append((char) ('a' + random.nextInt(3)));
    }
    return text.toString();
  }
}
