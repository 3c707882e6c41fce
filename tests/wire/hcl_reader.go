// Reads HCL on standard input with HashiCorp's own parser and prints what it means as JSON: an array of
// [type, label, label, {attribute: value}], where a value that needs a scope (a traversal) is its source.
package main

import (
	"encoding/json"
	"io"
	"log"
	"os"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

func value(source []byte, attribute *hclsyntax.Attribute) interface{} {
	v, diagnostics := attribute.Expr.Value(nil)
	if diagnostics.HasErrors() || v.Type() == cty.DynamicPseudoType {
		r := attribute.Expr.Range()
		return string(source[r.Start.Byte:r.End.Byte])
	}
	return ctyjson.SimpleJSONValue{Value: v}
}

func main() {
	source, err := io.ReadAll(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	file, diagnostics := hclsyntax.ParseConfig(source, "records.tf", hcl.InitialPos)
	if diagnostics.HasErrors() {
		log.Fatal(diagnostics)
	}
	blocks := []interface{}{}
	for _, block := range file.Body.(*hclsyntax.Body).Blocks {
		body := map[string]interface{}{}
		for name, attribute := range block.Body.Attributes {
			body[name] = value(source, attribute)
		}
		row := []interface{}{block.Type}
		for _, label := range block.Labels {
			row = append(row, label)
		}
		blocks = append(blocks, append(row, body))
	}
	if err := json.NewEncoder(os.Stdout).Encode(blocks); err != nil {
		log.Fatal(err)
	}
}
