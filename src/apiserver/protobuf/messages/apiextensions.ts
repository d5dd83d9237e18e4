/** apiextensions.k8s.io/v1 See table.ts for the notation. */
export const apiextensions = `
CustomResourceColumnDefinition name?=1 type?=2 format=3 description=4 priority=5:int32 jsonPath?=6
CustomResourceConversion strategy?=1 webhook=2:WebhookConversion
CustomResourceDefinition metadata=1:ObjectMeta spec=2:CustomResourceDefinitionSpec
  status=3:CustomResourceDefinitionStatus
CustomResourceDefinitionCondition type?=1 status?=2 lastTransitionTime=3:Time reason=4 message=5
  observedGeneration=6:int64
CustomResourceDefinitionNames plural?=1 singular=2 shortNames=3:[string] kind?=4 listKind=5 categories=6:[string]
CustomResourceDefinitionSpec group?=1 names=3:CustomResourceDefinitionNames scope?=4
  versions=7:[CustomResourceDefinitionVersion] conversion=9:CustomResourceConversion preserveUnknownFields=10:bool
CustomResourceDefinitionStatus conditions=1:[CustomResourceDefinitionCondition]
  acceptedNames=2:CustomResourceDefinitionNames storedVersions=3:[string] observedGeneration=4:int64
CustomResourceDefinitionVersion name?=1 served?=2:bool storage?=3:bool schema=4:CustomResourceValidation
  subresources=5:CustomResourceSubresources additionalPrinterColumns=6:[CustomResourceColumnDefinition]
  deprecated=7:bool deprecationWarning?=8 selectableFields=9:[SelectableField]
CustomResourceSubresourceScale specReplicasPath?=1 statusReplicasPath?=2 labelSelectorPath?=3
CustomResourceSubresourceStatus
CustomResourceSubresources status=1:CustomResourceSubresourceStatus scale=2:CustomResourceSubresourceScale
CustomResourceValidation openAPIV3Schema=1:JSONSchemaProps
ExternalDocumentation description=1 url=2
JSONSchemaProps id=1 $schema=2 $ref?=3 description=4 type=5 format=6 title=7 default=8:JSON maximum?=9:double
  exclusiveMaximum=10:bool minimum?=11:double exclusiveMinimum=12:bool maxLength?=13:int64 minLength?=14:int64
  pattern=15 maxItems?=16:int64 minItems?=17:int64 uniqueItems=18:bool multipleOf?=19:double enum=20:[JSON]
  maxProperties?=21:int64 minProperties?=22:int64 required=23:[string] items=24:JSONSchemaPropsOrArray
  allOf=25:[JSONSchemaProps] oneOf=26:[JSONSchemaProps] anyOf=27:[JSONSchemaProps] not=28:JSONSchemaProps
  properties=29:{JSONSchemaProps} additionalProperties=30:JSONSchemaPropsOrBool patternProperties=31:{JSONSchemaProps}
  dependencies=32:{JSONSchemaPropsOrStringArray} additionalItems=33:JSONSchemaPropsOrBool
  definitions=34:{JSONSchemaProps} externalDocs=35:ExternalDocumentation example=36:JSON nullable=37:bool
  x-kubernetes-preserve-unknown-fields?=38:bool x-kubernetes-embedded-resource=39:bool
  x-kubernetes-int-or-string=40:bool x-kubernetes-list-map-keys=41:[string] x-kubernetes-list-type?=42
  x-kubernetes-map-type?=43 x-kubernetes-validations=44:[ValidationRule]
SelectableField jsonPath?=1
ServiceReference namespace?=1 name?=2 path?=3 port?=4:int32
ValidationRule rule?=1 message=2 messageExpression=3 reason?=4 fieldPath=5 optionalOldSelf?=6:bool
WebhookClientConfig service=1:ServiceReference caBundle=2:bytes url?=3
WebhookConversion clientConfig=2:WebhookClientConfig conversionReviewVersions=3:[string]
JSON raw=1:json
JSONSchemaPropsOrArray schema=1:JSONSchemaProps jSONSchemas=2:[JSONSchemaProps]
JSONSchemaPropsOrBool allows?=1:bool schema=2:JSONSchemaProps
JSONSchemaPropsOrStringArray schema=1:JSONSchemaProps property=2:[string]
`;
