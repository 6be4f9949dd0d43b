package io.hadal.train.corpus.task;

import com.sun.source.tree.AnnotationTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.MemberReferenceTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.lang.model.element.Modifier;
import org.jspecify.annotations.Nullable;

/**
 * Places of the names that can be changed without resolving types: local variables, parameters and
 * private members whose name is declared once in the file and used only where it must mean that
 * declaration. When in doubt a name is left alone.
 */
final class Renaming {
  /** Members that a runtime looks for by name. */
  private static final Set<String> FIXED =
      Set.of(
          "serialVersionUID",
          "serialPersistentFields",
          "readObject",
          "writeObject",
          "readObjectNoData",
          "readResolve",
          "writeReplace",
          "main",
          "lookup");

  private final ParsedFile file;
  private final Map<String, Name> names = new LinkedHashMap<>();

  /** What is known of a name. */
  private static final class Name {
    private int declarations;
    private boolean refused;
    private boolean method;
    private boolean member;
    // Where the declaration is visible, and the class whose member it is.
    private int from;
    private int to;
    private String owner = "";
    private final List<Edit> places = new ArrayList<>();
  }

  /**
   * A name that can be changed.
   *
   * @param places all of them, the declaration first, each as an edit that changes nothing
   * @param from first character of the method or class that holds them all
   */
  record Candidate(String name, boolean method, List<Edit> places, int from, int to) {
    List<Edit> to(String newName) {
      return places.stream().map(e -> new Edit(e.start(), e.end(), newName)).toList();
    }
  }

  private Renaming(ParsedFile file) {
    this.file = file;
  }

  /** Names of a file that can be changed, in the order of their first appearance. */
  static List<Candidate> candidates(ParsedFile file) {
    Renaming renaming = new Renaming(file);
    renaming.new Declarations().scan(file.unit(), null);
    renaming.new Uses().scan(file.unit(), null);
    List<Candidate> found = new ArrayList<>();
    renaming.names.forEach(
        (name, n) -> {
          if (n.declarations == 1
              && !n.refused
              && n.places.size() > 1
              && n.places.stream().allMatch(e -> e.start() >= n.from && e.end() <= n.to)) {
            found.add(new Candidate(name, n.method, documented(file, name, n), n.from, n.to));
          }
        });
    return found;
  }

  /** Adds the places in documentation comments: parameters, and code that is just the name. */
  private static List<Edit> documented(ParsedFile file, String name, Name n) {
    List<Edit> places = new ArrayList<>(n.places);
    Matcher m =
        Pattern.compile("(@param\\s+|\\{@code\\s+|\\{@link #)(" + Pattern.quote(name) + ")\\b")
            .matcher(file.text());
    m.region(n.from, n.to);
    while (m.find()) {
      int start = m.start(2);
      if (places.stream().noneMatch(e -> e.start() == start)) {
        places.add(new Edit(start, m.end(2), name));
      }
    }
    return places;
  }

  private Name name(String text) {
    return names.computeIfAbsent(text, _ -> new Name());
  }

  private void place(Name n, int at, String text) {
    if (at < 0 || !file.text().startsWith(text, at)) {
      n.refused = true;
    } else if (n.places.stream().noneMatch(e -> e.start() == at)) {
      n.places.add(new Edit(at, at + text.length(), text));
    }
  }

  /** Where a word stands alone, at {@code from} or later. */
  private int word(String word, int from, int to) {
    Matcher m = Pattern.compile("\\b" + Pattern.quote(word) + "\\b").matcher(file.text());
    if (from < 0 || to > file.text().length() || from > to) {
      return -1;
    }
    m.region(from, to).useTransparentBounds(true);
    return m.find() ? m.start() : -1;
  }

  private void declare(String text, Tree tree, int nameFrom, boolean method, boolean member) {
    Name n = name(text);
    n.declarations++;
    n.method = method;
    n.member = member;
    n.refused |= FIXED.contains(text);
    place(n, word(text, nameFrom, file.end(tree)), text);
  }

  private final class Declarations extends TreePathScanner<Void, Void> {
    private @Nullable Tree around(Tree.Kind... kinds) {
      for (TreePath p = getCurrentPath().getParentPath(); p != null; p = p.getParentPath()) {
        for (Tree.Kind kind : kinds) {
          if (p.getLeaf().getKind() == kind) {
            return p.getLeaf();
          }
        }
      }
      return null;
    }

    @Override
    public @Nullable Void visitVariable(VariableTree variable, Void unused) {
      String text = variable.getName().toString();
      if (!text.isEmpty() && file.start(variable) >= 0) {
        int from = Math.max(file.start(variable), file.end(variable.getModifiers()));
        Tree type = variable.getType();
        if (type != null && file.end(type) > 0) {
          from = Math.max(from, file.end(type));
        }
        Tree parent = getCurrentPath().getParentPath().getLeaf();
        boolean member = parent instanceof ClassTree;
        declare(text, variable, from, false, member);
        Name n = name(text);
        if (parent instanceof ClassTree type2) {
          own(n, type2, variable.getModifiers().getFlags().contains(Modifier.PRIVATE));
        } else {
          scope(n, variable, parent);
        }
      }
      return super.visitVariable(variable, unused);
    }

    private void scope(Name n, VariableTree variable, Tree parent) {
      Tree method = around(Tree.Kind.METHOD);
      if (method == null) {
        n.refused = true;
        return;
      }
      // A record's compact constructor takes its parameters from the header.
      n.refused |= file.start(variable) < file.start(method);
      boolean parameter = parent.equals(method);
      n.from = parameter ? begin(method) : file.start(variable);
      n.to = file.end(parameter ? method : parent);
    }

    private int begin(Tree member) {
      int doc = file.docStart(member);
      return doc < 0 ? file.start(member) : doc;
    }

    private void own(Name n, ClassTree type, boolean isPrivate) {
      // A record's components are its interface.
      n.refused |=
          !isPrivate || type.getSimpleName().isEmpty() || type.getKind() == Tree.Kind.RECORD;
      n.owner = type.getSimpleName().toString();
      n.from = file.start(type);
      n.to = file.end(type);
    }

    @Override
    public @Nullable Void visitMethod(MethodTree method, Void unused) {
      String text = method.getName().toString();
      boolean constructor = method.getReturnType() == null;
      if (!constructor && file.start(method) >= 0) {
        Tree type = method.getReturnType();
        declare(text, method, file.end(type), true, true);
        Name n = name(text);
        if (getCurrentPath().getParentPath().getLeaf() instanceof ClassTree owner) {
          own(n, owner, method.getModifiers().getFlags().contains(Modifier.PRIVATE));
        }
      }
      return super.visitMethod(method, unused);
    }

    @Override
    public @Nullable Void visitClass(ClassTree type, Void unused) {
      if (!type.getSimpleName().isEmpty()) {
        name(type.getSimpleName().toString()).refused = true;
      }
      return super.visitClass(type, unused);
    }
  }

  private final class Uses extends TreePathScanner<Void, Void> {
    @Override
    public @Nullable Void visitIdentifier(IdentifierTree identifier, Void unused) {
      String text = identifier.getName().toString();
      Name n = names.get(text);
      if (n != null) {
        Tree parent = getCurrentPath().getParentPath().getLeaf();
        boolean called =
            parent instanceof MethodInvocationTree call
                && call.getMethodSelect().equals(identifier);
        if (called != n.method) {
          n.refused = true;
        } else {
          place(n, file.start(identifier), text);
        }
      }
      return super.visitIdentifier(identifier, unused);
    }

    @Override
    public @Nullable Void visitMemberSelect(MemberSelectTree select, Void unused) {
      member(select.getIdentifier().toString(), select, file.source(select.getExpression()), ".");
      return super.visitMemberSelect(select, unused);
    }

    @Override
    public @Nullable Void visitMemberReference(MemberReferenceTree reference, Void unused) {
      String text = reference.getName().toString();
      Name n = names.get(text);
      if (n != null && !n.method) {
        n.refused |= n.member;
      } else {
        member(text, reference, file.source(reference.getQualifierExpression()), "::");
      }
      return super.visitMemberReference(reference, unused);
    }

    private void member(String text, Tree tree, String qualifier, String between) {
      Name n = names.get(text);
      if (n == null || !n.member) {
        return;
      }
      if (qualifier.equals("this")
          || qualifier.equals(n.owner)
          || qualifier.equals(n.owner + ".this")) {
        int at = file.end(tree) - text.length();
        int before = at - between.length();
        if (before < 0 || !file.text().startsWith(between, before)) {
          n.refused = true;
        } else {
          place(n, at, text);
        }
      } else {
        // Another object's member may be this one or not.
        n.refused = true;
      }
    }

    @Override
    public @Nullable Void visitAnnotation(AnnotationTree annotation, Void unused) {
      // Names of elements look like variables.
      Matcher m = Pattern.compile("\\w+").matcher(file.source(annotation));
      while (m.find()) {
        Name n = names.get(m.group());
        if (n != null) {
          n.refused = true;
        }
      }
      return null;
    }
  }
}
