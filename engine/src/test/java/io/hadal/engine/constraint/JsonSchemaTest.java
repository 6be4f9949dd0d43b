package io.hadal.engine.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.Json;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class JsonSchemaTest {
  private static JsonNode json(String text) {
    return Json.parse(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8), "schema");
  }

  private static Grammar grammar(String schema, boolean strict) {
    GrammarBuilder builder = new GrammarBuilder();
    Expression root =
        JsonSchema.compile(json(schema), strict, new JsonGrammar(builder, null)).expression();
    return builder.build(root, Vocabularies.SMALL);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {'type':'object','properties':{'a':{'type':'integer'},'b':{'type':'string'}},'required':['a']} | {'a':1} | true
          {'type':'object','properties':{'a':{'type':'integer'},'b':{'type':'string'}},'required':['a']} | {'a': 1, 'b':'x'} | true
          {'type':'object','properties':{'a':{'type':'integer'},'b':{'type':'string'}},'required':['a']} | {'b':'x','a':1} | false
          {'type':'object','properties':{'a':{'type':'integer'},'b':{'type':'string'}},'required':['a']} | {'b':'x'} | false
          {'type':'object','properties':{'a':{'type':'integer'},'b':{'type':'string'}},'required':['a']} | {'a':1,'c':1} | false
          {'type':'object','properties':{'a':{},'b':{},'c':{}}} | {} | true
          {'type':'object','properties':{'a':{},'b':{},'c':{}}} | {'c':[1,{'x':null}]} | true
          {'type':'object','properties':{'a':{},'b':{},'c':{}}} | {'a':1,'c':2} | true
          {'type':'object','properties':{'a':{},'b':{},'c':{}}} | {'a':1,} | false
          {'type':'object','properties':{'a':{},'b':{},'c':{}}} | {,'a':1} | false
          {'type':'object','properties':{'a':{},'b':{},'c':{}},'minProperties':2} | {'a':1} | false
          {'type':'object','properties':{'a':{},'b':{},'c':{}},'minProperties':2} | {'a':1,'c':1} | true
          {'type':'object','properties':{'a':{},'b':{},'c':{}},'maxProperties':1} | {'a':1,'c':1} | false
          {'type':'object'} | {'any':[true]} | true
          {'type':'object','additionalProperties':{'type':'integer'}} | {'x':1,'y':2} | true
          {'type':'object','additionalProperties':{'type':'integer'}} | {'x':'1'} | false
          {'properties':{'aa':{'type':'null'}},'additionalProperties':{'type':'integer'}} | {'aa':null,'ab':2} | true
          {'properties':{'aa':{'type':'null'}},'additionalProperties':{'type':'integer'}} | {'aa':2} | false
          {'properties':{'aa':{'type':'null'}},'additionalProperties':{'type':'integer'}} | {'\\u0061a':2} | false
          {'type':'object','maxProperties':2,'additionalProperties':true} | {'a':1,'b':2,'c':3} | false
          {'type':'object','propertyNames':{'pattern':'^x'},'additionalProperties':true} | {'xa':1} | true
          {'type':'object','propertyNames':{'pattern':'^x'},'additionalProperties':true} | {'ax':1} | false
          {'enum':['a',1,null,[1,2]]} | [1,2] | true
          {'enum':['a',1,null,[1,2]]} | 'b' | false
          {'enum':['a',1,null],'type':['string','null']} | 1 | false
          {'const':{'k':'v'}} | {'k':'v'} | true
          {'type':'array','items':{'type':'boolean'},'minItems':1,'maxItems':2} | [] | false
          {'type':'array','items':{'type':'boolean'},'minItems':1,'maxItems':2} | [true, false] | true
          {'type':'array','items':{'type':'boolean'},'minItems':1,'maxItems':2} | [true,false,true] | false
          {'prefixItems':[{'type':'integer'},{'type':'string'}],'items':false} | [1,'a'] | true
          {'prefixItems':[{'type':'integer'},{'type':'string'}],'items':false} | [1,'a',2] | false
          {'prefixItems':[{'type':'integer'},{'type':'string'}],'items':false} | [1] | true
          {'prefixItems':[{'type':'integer'},{'type':'string'}],'items':{'type':'null'},'minItems':3} | [1,'a'] | false
          {'prefixItems':[{'type':'integer'},{'type':'string'}],'items':{'type':'null'},'minItems':3} | [1,'a',null,null] | true
          {'items':[{'type':'integer'}],'additionalItems':{'type':'string'}} | [1,'a'] | true
          {'type':'string','minLength':2,'maxLength':3} | 'a' | false
          {'type':'string','minLength':2,'maxLength':3} | '日\\n' | true
          {'type':'string','minLength':2,'maxLength':3} | '\\ud834\\udd1e\\u0041' | true
          {'type':'string','minLength':2,'maxLength':3} | 'abcd' | false
          {'type':'string','pattern':'^[A-Z]{2}-\\\\d+$'} | 'AB-12' | true
          {'type':'string','pattern':'^[A-Z]{2}-\\\\d+$'} | 'AB-' | false
          {'type':'string','pattern':'b','maxLength':2} | 'ab' | true
          {'type':'string','pattern':'b','maxLength':2} | 'aab' | false
          {'type':'string','format':'date'} | '2026-02-28' | true
          {'type':'string','format':'date'} | '2026-02-31' | false
          {'type':'string','format':'uuid'} | '12345678-1234-4234-8234-123456789abc' | true
          {'type':'string','format':'ipv4'} | '256.1.1.1' | false
          {'type':'integer','minimum':3,'exclusiveMaximum':12} | 11 | true
          {'type':'integer','minimum':3,'exclusiveMaximum':12} | 12 | false
          {'type':'integer','multipleOf':5,'minimum':1} | 15 | true
          {'type':'integer','multipleOf':5,'minimum':1} | 0 | false
          {'type':'number','minimum':0.5,'maximum':1} | 0.75 | true
          {'type':'number','minimum':0.5,'maximum':1} | 1.5 | false
          {'type':'number','multipleOf':0.01} | 3.25 | true
          {'type':'number','multipleOf':0.01} | 3.255 | false
          {'type':'number'} | -1.5e-3 | true
          {'type':'number'} | 01 | false
          {'anyOf':[{'type':'integer'},{'type':'null'}]} | null | true
          {'type':'object','properties':{'k':{'type':'string'}},'required':['k'],'anyOf':[{'properties':{'k':{'const':'a'}}},{'properties':{'k':{'const':'b'},'n':{'type':'integer'}},'required':['n']}]} | {'k':'b','n':1} | true
          {'type':'object','properties':{'k':{'type':'string'}},'required':['k'],'anyOf':[{'properties':{'k':{'const':'a'}}},{'properties':{'k':{'const':'b'},'n':{'type':'integer'}},'required':['n']}]} | {'k':'a','n':1} | false
          {'allOf':[{'properties':{'a':{'minimum':2}},'required':['a']},{'properties':{'a':{'type':'integer'},'b':{}}}]} | {'a':2,'b':0} | true
          {'allOf':[{'properties':{'a':{'minimum':2}},'required':['a']},{'properties':{'a':{'type':'integer'},'b':{}}}]} | {'a':1} | false
          {'allOf':[{'properties':{'a':{}},'additionalProperties':false},{'properties':{'a':{},'b':{}}}]} | {'a':1,'b':1} | false
          {'$ref':'#/$defs/n','$defs':{'n':{'type':'object','properties':{'v':{'type':'integer'},'c':{'type':'array','items':{'$ref':'#/$defs/n'}}},'required':['v']}}} | {'v':1,'c':[{'v':2,'c':[]},{'v':3}]} | true
          {'$ref':'#/$defs/n','$defs':{'n':{'type':'object','properties':{'v':{'type':'integer'},'c':{'type':'array','items':{'$ref':'#/$defs/n'}}},'required':['v']}}} | {'v':1,'c':[{'c':[]}]} | false
          {'type':['string','null']} | null | true
          {'type':'string','nullable':true} | null | true
          {'type':'array','items':{'$ref':'#'}} | [[],[[]]] | true
          true | [1, {'a': 'b'}] | true
          """)
  void documents(String schema, String document, boolean fits) {
    assertThat(Vocabularies.matches(grammar(schema, true), document.replace('\'', '"')))
        .isEqualTo(fits);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {'properties':{'a/b':{'not':{}}}} | #/properties/a~1b/not
          {'type':'array','uniqueItems':true} | #/uniqueItems
          {'if':{},'type':'string'} | #/if
          {'patternProperties':{'a':{}}} | #/patternProperties
          {'$defs':{'x':{'contains':{}}},'items':{'$ref':'#/$defs/x'}} | #/$defs/x/contains
          {'type':'string','pattern':'(?=a)'} | #/pattern
          {'type':'string','format':'regex'} | #/format
          {'type':'number','multipleOf':0.3} | #/multipleOf
          """)
  void whatCannotBeEnforcedIsNamed(String schema, String pointer) {
    assertThatThrownBy(() -> grammar(schema, true))
        .isInstanceOfSatisfying(
            GrammarException.class, e -> assertThat(e.pointer()).isEqualTo(pointer));
    GrammarBuilder builder = new GrammarBuilder();
    assertThat(JsonSchema.compile(json(schema), false, new JsonGrammar(builder, null)).ignored())
        .containsExactly(pointer);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'type':'text'}",
        "{'type':5}",
        "{'$ref':'#/nothing'}",
        "{'$ref':'http://x/y'}",
        "{'enum':5}",
        "{'properties':[]}",
        "{'required':true}",
        "{'minLength':-1}",
        "{'maxItems':1.5}",
        "{'minimum':'1'}",
        "{'allOf':{}}",
        "[]",
        "{'type':'integer','minimum':3,'maximum':2}",
        "{'type':'object','properties':{'a':false},'required':['a']}",
        "{'type':'object','properties':{'a':{'$ref':'#'}},'required':['a']}",
        "{'type':'string','minLength':5,'maxLength':3}",
        "{'type':'string','minLength':1000000000}",
        "{'anyOf':[]}",
        "false",
        "{'type':'number','minimum':1e400}",
        "{'multipleOf':0,'type':'integer'}"
      })
  void unusableSchemasAreRefused(String schema) {
    assertThatThrownBy(() -> grammar(schema, false)).isInstanceOf(GrammarException.class);
  }

  @Test
  void referencesInCirclesEnd() {
    Assertions.assertTimeoutPreemptively(
        Duration.ofSeconds(20),
        () -> {
          grammar("{'allOf':[{'$ref':'#'},{'type':'string'}]}", true);
          assertThatThrownBy(
                  () ->
                      grammar(
                              "{'properties':{'x':{'$ref':'#/$defs/a'}},'required':['x'],'$defs':{'a':{'anyOf':[{'$ref':'#/$defs/a'}]}}}"
                                      .replace("x", "y")
                                  + "",
                              true)
                          .begin()
                          .accept('x'))
              .isInstanceOf(RuntimeException.class);
        });
  }

  @Test
  void longChainsOfReferencesNeedNoRecursion() {
    StringBuilder defs = new StringBuilder();
    for (int i = 0; i < 5000; i++) {
      defs.append("'d").append(i).append("':{'type':'array','items':{'$ref':'#/$defs/d");
      defs.append(i + 1).append("'}},");
    }
    defs.append("'d5000':{'type':'null'}");
    Grammar grammar = grammar("{'$ref':'#/$defs/d0','$defs':{" + defs + "}}", true);
    assertThat(Vocabularies.matches(grammar, "[[[]]]")).isTrue();
  }

  @Test
  void manyAlternativesAreBounded() {
    // 2^30 combinations.
    String pair = "{'anyOf':[{'minLength':1},{'maxLength':9}]}";
    String schema = "{'allOf':[" + (pair + ",").repeat(29) + pair + "]}";
    Assertions.assertTimeoutPreemptively(
        Duration.ofSeconds(60),
        () -> assertThatThrownBy(() -> grammar(schema, true)).isInstanceOf(GrammarException.class));
  }

  @Test
  void whatHasAMeaningAroundTheDocumentStaysOut() {
    GrammarBuilder builder = new GrammarBuilder();
    JsonGrammar json = new JsonGrammar(builder, "｜DSML｜");
    JsonNode schema =
        json(
            "{'properties':{'free':{'type':'string'},'short':{'type':'string','maxLength':9},"
                + "'like':{'type':'string','pattern':'^.*$'}},'additionalProperties':{'type':'null'}}");
    Grammar grammar =
        builder.build(JsonSchema.compile(schema, true, json).expression(), Vocabularies.SMALL);
    for (String name : new String[] {"free", "short", "like"}) {
      String document = "{\"" + name + "\":\"a｜DSML｜b\"}";
      assertThat(Vocabularies.matches(grammar, document)).as(name).isFalse();
      assertThat(Vocabularies.matches(grammar, document.replace("｜DSML｜", "DSML"))).isTrue();
    }
    assertThat(Vocabularies.matches(grammar, "{\"x｜DSML｜\":null}")).isFalse();
  }
}
