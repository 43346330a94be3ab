"""Whatever a person has, brought into the one form that `catalogue` reads: model.json, config.json and safetensors."""
