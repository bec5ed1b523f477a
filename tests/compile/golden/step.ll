; ModuleID = "step"
target triple = "unknown-unknown-unknown"
target datalayout = ""

define void @"step0"(ptr %"table", ptr %"dims", i64 %"thread", i64 %"num_threads", ptr %"barrier") nounwind
{
entry:
  %".7" = icmp eq i64 %"thread", 0
  br i1 %".7", label %"alone.then", label %"alone.end"
alone.then:
  call void @"kernel1.1"(ptr %"table", ptr %"dims", i64 %"thread", i64 %"num_threads", ptr %"barrier", [2 x i64]* @"places4")
  call void @"kernel1.5"(ptr %"table", ptr %"dims", i64 %"thread", i64 %"num_threads", ptr %"barrier", [2 x i64]* @"places6")
  br label %"alone.end"
alone.end:
  ret void
}

define void @"kernel1.1"(ptr %"table", ptr %"dims", i64 %"thread", i64 %"num_threads", ptr %"barrier", ptr %"places") nounwind
{
entry:
  ; multiply subtract
  %".9" = add i64 0, 72
  %".10" = icmp slt i64 0, %".9"
  %".16" = load i64, ptr %"places", align 8, !invariant.load !0
  %".17" = getelementptr inbounds ptr, ptr %"table", i64 %".16"
  %".18" = load ptr, ptr %".17", align 8
  %".21" = getelementptr inbounds i64, ptr %"places", i64 1
  %".22" = load i64, ptr %".21", align 8, !invariant.load !0
  %".23" = getelementptr inbounds ptr, ptr %"table", i64 %".22"
  %".24" = load ptr, ptr %".23", align 8
  br i1 %".10", label %"lane.body", label %"lane.end"
lane.body:
  %"lane" = phi  i64 [0, %"entry"], [%"lane.next", %"lane.body"]
  %".12" = add i64 0, %"lane"
  %".13" = add i64 0, %"lane"
  %".14" = add i64 0, %"lane"
  %".15" = add i64 0, %"lane"
  %".19" = getelementptr inbounds float, ptr %".18", i64 %".13"
  %".20" = load <8 x float>, ptr %".19", align 4
  %".25" = getelementptr inbounds float, ptr %".24", i64 %".12"
  %".26" = load <8 x float>, ptr %".25", align 4
  %".27" = fmul contract <8 x float> %".26", splat (float 0x3fe0000000000000)
  %".28" = fsub contract <8 x float> %".20", %".27"
  %".29" = getelementptr inbounds float, ptr %".18", i64 %".14"
  store <8 x float> %".28", ptr %".29", align 4
  %"lane.next" = add nsw i64 %"lane", 8
  %".31" = icmp slt i64 %"lane.next", %".9"
  br i1 %".31", label %"lane.body", label %"lane.end"
lane.end:
  %".33" = add i64 0, %".9"
  %".34" = add i64 0, %".9"
  %".35" = add i64 0, %".9"
  %".36" = add i64 0, %".9"
  %".37" = sub i64 76, %".9"
  %".38" = icmp slt i64 %".37", 8
  %".39" = select  i1 %".38", i64 %".37", i64 8
  %".40" = trunc i64 %".39" to i32
  %".41" = insertelement <8 x i32> poison, i32 %".40", i32 0
  %".42" = shufflevector <8 x i32> %".41", <8 x i32> %".41", <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %".43" = icmp slt <8 x i32> <i32 0, i32 1, i32 2, i32 3, i32 4, i32 5, i32 6, i32 7>, %".42"
  %".44" = getelementptr inbounds float, ptr %".18", i64 %".34"
  %".45" = call <8 x float> @"llvm.masked.load.v8f32.p0"(ptr %".44", i32 4, <8 x i1> %".43", <8 x float> zeroinitializer)
  %".46" = getelementptr inbounds float, ptr %".24", i64 %".33"
  %".47" = call <8 x float> @"llvm.masked.load.v8f32.p0"(ptr %".46", i32 4, <8 x i1> %".43", <8 x float> zeroinitializer)
  %".48" = fmul contract <8 x float> %".47", splat (float 0x3fe0000000000000)
  %".49" = fsub contract <8 x float> %".45", %".48"
  %".50" = getelementptr inbounds float, ptr %".18", i64 %".35"
  call void @"llvm.masked.store.v8f32.p0"(<8 x float> %".49", ptr %".50", i32 4, <8 x i1> %".43")
  ret void
}

declare <8 x float> @"llvm.masked.load.v8f32.p0"(ptr %".1", i32 %".2", <8 x i1> %".3", <8 x float> %".4")

declare void @"llvm.masked.store.v8f32.p0"(<8 x float> %".1", ptr %".2", i32 %".3", <8 x i1> %".4")

@"places4" = internal constant [2 x i64] [i64 1, i64 2]
define void @"kernel1.5"(ptr %"table", ptr %"dims", i64 %"thread", i64 %"num_threads", ptr %"barrier", ptr %"places") nounwind
{
entry:
  ; multiply sum
  %"total" = alloca float
  %"partial" = alloca <8 x float>
  %".22" = load i64, ptr %"places", align 8, !invariant.load !0
  %".23" = getelementptr inbounds ptr, ptr %"table", i64 %".22"
  %".24" = load ptr, ptr %".23", align 8
  %".64" = getelementptr inbounds i64, ptr %"places", i64 1
  %".65" = load i64, ptr %".64", align 8, !invariant.load !0
  %".66" = getelementptr inbounds ptr, ptr %"table", i64 %".65"
  %".67" = load ptr, ptr %".66", align 8
  br label %"row.body"
row.body:
  %"row" = phi  i64 [0, %"entry"], [%"row.next", %"lane.end"]
  %".10" = mul i64 %"row", 19
  %".11" = add i64 0, %".10"
  %".12" = mul i64 %"row", 19
  %".13" = add i64 0, %".12"
  %".14" = add i64 0, %"row"
  store float              0x0, ptr %"total"
  store <8 x float> splat (float              0x0), ptr %"partial"
  %".17" = add i64 0, 16
  %".18" = icmp slt i64 0, %".17"
  br i1 %".18", label %"lane.body", label %"lane.end"
row.end:
  ret void
lane.body:
  %"lane" = phi  i64 [0, %"row.body"], [%"lane.next", %"lane.body"]
  %".20" = add i64 %".11", %"lane"
  %".21" = add i64 %".13", %"lane"
  %".25" = getelementptr inbounds float, ptr %".24", i64 %".20"
  %".26" = load <8 x float>, ptr %".25", align 4
  %".27" = fmul contract <8 x float> %".26", %".26"
  %".28" = load <8 x float>, ptr %"partial"
  %".29" = fadd contract <8 x float> %".28", %".27"
  store <8 x float> %".29", ptr %"partial"
  %"lane.next" = add nsw i64 %"lane", 8
  %".31" = icmp slt i64 %"lane.next", %".17"
  br i1 %".31", label %"lane.body", label %"lane.end"
lane.end:
  %".33" = add i64 %".11", %".17"
  %".34" = add i64 %".13", %".17"
  %".35" = sub i64 19, %".17"
  %".36" = icmp slt i64 %".35", 8
  %".37" = select  i1 %".36", i64 %".35", i64 8
  %".38" = trunc i64 %".37" to i32
  %".39" = insertelement <8 x i32> poison, i32 %".38", i32 0
  %".40" = shufflevector <8 x i32> %".39", <8 x i32> %".39", <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %".41" = icmp slt <8 x i32> <i32 0, i32 1, i32 2, i32 3, i32 4, i32 5, i32 6, i32 7>, %".40"
  %".42" = getelementptr inbounds float, ptr %".24", i64 %".33"
  %".43" = call <8 x float> @"llvm.masked.load.v8f32.p0"(ptr %".42", i32 4, <8 x i1> %".41", <8 x float> zeroinitializer)
  %".44" = fmul contract <8 x float> %".43", %".43"
  %".45" = load <8 x float>, ptr %"partial"
  %".46" = fadd contract <8 x float> %".45", %".44"
  %".47" = load <8 x float>, ptr %"partial"
  %".48" = select  <8 x i1> %".41", <8 x float> %".46", <8 x float> %".47"
  store <8 x float> %".48", ptr %"partial"
  %".50" = load <8 x float>, ptr %"partial"
  %".51" = shufflevector <8 x float> %".50", <8 x float> %".50", <4 x i32> <i32 0, i32 1, i32 2, i32 3>
  %".52" = shufflevector <8 x float> %".50", <8 x float> %".50", <4 x i32> <i32 4, i32 5, i32 6, i32 7>
  %".53" = fadd contract <4 x float> %".51", %".52"
  %".54" = shufflevector <4 x float> %".53", <4 x float> %".53", <2 x i32> <i32 0, i32 1>
  %".55" = shufflevector <4 x float> %".53", <4 x float> %".53", <2 x i32> <i32 2, i32 3>
  %".56" = fadd contract <2 x float> %".54", %".55"
  %".57" = shufflevector <2 x float> %".56", <2 x float> %".56", <1 x i32> <i32 0>
  %".58" = extractelement <1 x float> %".57", i32 0
  %".59" = shufflevector <2 x float> %".56", <2 x float> %".56", <1 x i32> <i32 1>
  %".60" = extractelement <1 x float> %".59", i32 0
  %".61" = fadd contract float %".58", %".60"
  store float %".61", ptr %"total"
  %".63" = load float, ptr %"total"
  %".68" = getelementptr inbounds float, ptr %".67", i64 %".14"
  store float %".63", ptr %".68", align 4
  %"row.next" = add nsw i64 %"row", 1
  %".70" = icmp slt i64 %"row.next", 4
  br i1 %".70", label %"row.body", label %"row.end"
}

@"places6" = internal constant [2 x i64] [i64 2, i64 3]
!0 = !{  }