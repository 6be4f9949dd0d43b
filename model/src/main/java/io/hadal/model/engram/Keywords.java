package io.hadal.model.engram;

import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Keywords of the commonest programming languages, all in one set. */
final class Keywords {
  private static final Set<String> ALL =
      Stream.of(
              // C, C++, Objective-C
              "auto break case char const continue default do double else enum extern float for"
                  + " goto if inline int long register restrict return short signed sizeof static"
                  + " struct switch typedef union unsigned void volatile while alignas alignof bool"
                  + " catch class constexpr consteval decltype delete explicit export false friend"
                  + " mutable namespace new noexcept nullptr operator private protected public"
                  + " requires template this throw true try typeid typename using virtual",
              // Java, Kotlin, Scala, C#, Dart
              "abstract assert boolean byte extends final finally implements import instanceof"
                  + " interface native null package permits record sealed strictfp super"
                  + " synchronized throws transient var yield as companion data fun in init is"
                  + " lateinit object open out override reified suspend typealias val when given"
                  + " implicit lazy trait base checked decimal delegate event fixed foreach"
                  + " internal lock params readonly ref sbyte stackalloc uint ulong unchecked"
                  + " unsafe ushort async await dynamic external factory get late library mixin"
                  + " required set",
              // Python, Ruby, Perl, PHP, Lua, Julia, R
              "and def del elif except from global lambda nonlocal not or pass raise with None"
                  + " True False alias begin defined end ensure module next nil redo rescue retry"
                  + " self then undef unless until my our sub use echo elseif endif endfor"
                  + " endforeach endwhile function insteadof print require local repeat mutable"
                  + " macro quote let baremodule NULL TRUE FALSE",
              // JavaScript, TypeScript, Go, Rust, Swift
              "arguments debugger eval of typeof undefined any declare infer keyof never number"
                  + " string symbol type unknown chan defer fallthrough func go map range select"
                  + " crate dyn impl loop match mod move mut pub Self unsized where actor"
                  + " associatedtype deinit extension fileprivate guard inout protocol rethrows"
                  + " some subscript",
              // Shell, SQL
              "done esac fi SELECT FROM WHERE INSERT UPDATE DELETE CREATE TABLE INTO VALUES JOIN"
                  + " LEFT RIGHT INNER OUTER ON GROUP BY ORDER HAVING LIMIT AS AND OR NOT IN IS"
                  + " DISTINCT UNION ALTER DROP INDEX VIEW PRIMARY KEY FOREIGN REFERENCES")
          .flatMap(line -> Stream.of(line.split(" ")))
          .collect(Collectors.toUnmodifiableSet());

  private Keywords() {}

  static boolean contains(String word) {
    return ALL.contains(word);
  }
}
