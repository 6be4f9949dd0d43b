package io.hadal.train.corpus.task;

import io.hadal.train.corpus.Task;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The same code with other names: a whole file, or a question to rename one thing. */
final class RenamedVariants implements Generator {
  static final String VARIANT = "renamed";
  static final String QUESTION = "rename";

  private static final int MAX_FILE = 8000;
  private static final int MAX_METHOD = 2500;
  private static final Pattern WORD = Pattern.compile("[A-Za-z_$][\\w$]*");
  private static final List<String> VARIABLES =
      List.of(
          ("value item entry current target source buffer result index offset limit count total"
                  + " size key name label node parent child first last next previous position start"
                  + " finish left right input output data record element pair group options context"
                  + " state flag handler listener reader writer stream builder cache table row column"
                  + " text line message token field argument candidate match holder request response")
              .split(" "));
  private static final List<String> VERBS =
      List.of(
          ("apply build check collect compute convert create find handle load make parse prepare"
                  + " process read resolve run scan store update visit write")
              .split(" "));

  @Override
  public List<Draft> drafts(ParsedFile file, SplittableRandom random) {
    List<Renaming.Candidate> candidates = Renaming.candidates(file);
    if (candidates.isEmpty()) {
      return List.of();
    }
    Set<String> taken = new HashSet<>();
    Matcher words = WORD.matcher(file.text());
    while (words.find()) {
      taken.add(words.group());
    }
    boolean whole = file.text().length() <= MAX_FILE && random.nextBoolean();
    return whole
        ? variant(file, candidates, taken, random)
        : question(file, candidates, taken, random);
  }

  private static List<Draft> variant(
      ParsedFile file,
      List<Renaming.Candidate> candidates,
      Set<String> taken,
      SplittableRandom random) {
    List<Edit> edits = new ArrayList<>();
    for (Renaming.Candidate candidate : candidates) {
      if (random.nextInt(4) > 0) {
        edits.addAll(candidate.to(newName(candidate, taken, random)));
      }
    }
    String text = Edit.apply(file.text(), 0, file.text().length(), edits);
    return edits.isEmpty()
        ? List.of()
        : List.of(new Draft(new Task(VARIANT, "", text, false), List.of(text)));
  }

  private static List<Draft> question(
      ParsedFile file,
      List<Renaming.Candidate> candidates,
      Set<String> taken,
      SplittableRandom random) {
    int first = random.nextInt(candidates.size());
    for (int i = 0; i < candidates.size(); i++) {
      Renaming.Candidate candidate = candidates.get((first + i) % candidates.size());
      // The smallest member that holds all places, so that the question is short.
      int from = Integer.MAX_VALUE;
      int to = 0;
      for (var method : file.methods(0, MAX_METHOD)) {
        int start = file.docStart(method) < 0 ? file.start(method) : file.docStart(method);
        int end = file.end(method);
        if (candidate.places().stream().allMatch(e -> e.start() >= start && e.end() <= end)
            && end - start <= MAX_METHOD
            && (to == 0 || end - start < to - from)) {
          from = start;
          to = end;
        }
      }
      if (to > 0) {
        String name = newName(candidate, taken, random);
        String before = file.outdented(from, file.text().substring(from, to));
        String after = file.outdented(from, Edit.apply(file.text(), from, to, candidate.to(name)));
        return List.of(
            Draft.of(
                TaskText.rewrite(
                    QUESTION,
                    random.nextBoolean(),
                    "Rename " + candidate.name() + " to " + name + ".",
                    before,
                    "Renamed " + candidate.name() + " to " + name + ":",
                    after),
                after));
      }
    }
    return List.of();
  }

  /** A name that the file does not know yet; it is taken from now on. */
  private static String newName(
      Renaming.Candidate candidate, Set<String> taken, SplittableRandom random) {
    String noun = VARIABLES.get(random.nextInt(VARIABLES.size()));
    String capital = Character.toUpperCase(noun.charAt(0)) + noun.substring(1);
    String name = candidate.method() ? VERBS.get(random.nextInt(VERBS.size())) + capital : noun;
    String old = candidate.name();
    if (old.equals(old.toUpperCase(java.util.Locale.ROOT)) && old.length() > 1) {
      name = noun.toUpperCase(java.util.Locale.ROOT);
    }
    String free = name;
    for (int i = 2; !taken.add(free); i++) {
      free = name + i;
    }
    return free;
  }
}
